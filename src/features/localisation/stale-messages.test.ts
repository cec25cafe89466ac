import { describe, expect, it } from "vitest";
import { sourceHashes, staleKeys } from "./stale-messages.js";

describe("stale messages", () => {
  const messages = [
    { key: "/a", source: "One", target: "Eins" },
    { key: "/b", source: "Two" },
    { key: "constructor", source: "Three", target: "Drei" },
  ];

  it("are those without translation, and those whose source has changed", () => {
    const hashes = sourceHashes(messages);
    expect(staleKeys(hashes, messages)).toEqual(["/b"]);
    expect(staleKeys({}, messages)).toEqual(["/b"]);
    const changed = messages.map((message) => ({
      ...message,
      source: message.source.replace("One", "One!"),
    }));
    expect(staleKeys(hashes, changed)).toEqual(["/a", "/b"]);
  });

  it("are told by hashes that stay the same from run to run", () => {
    expect(sourceHashes(messages)["/a"]).toMatch(/^[0-9a-f]{16}$/);
    expect(sourceHashes(messages)).toEqual(sourceHashes(structuredClone(messages)));
    expect(new Set(Object.values(sourceHashes(messages))).size).toBe(3);
  });
});
