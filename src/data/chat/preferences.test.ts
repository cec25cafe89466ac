import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { ChatError, type ChatMessage } from "./messages.js";
import { type Preference, readPreferences } from "./preferences.js";

const root = await fs.mkdtemp(join(tmpdir(), "preferences-"));
afterAll(() => fs.rm(root, { recursive: true }));

async function put(...values: unknown[]): Promise<string> {
  const file = join(root, "rows.jsonl");
  await fs.writeFile(file, values.map((value) => JSON.stringify(value)).join("\n"));
  return file;
}

async function read(...values: unknown[]): Promise<Preference[]> {
  const found: Preference[] = [];
  for await (const preference of readPreferences(await put(...values))) found.push(preference);
  return found;
}

const say = (text: string): ChatMessage => ({
  role: text.startsWith("u") ? "user" : text.startsWith("s") ? "system" : "assistant",
  content: text,
});
const [system, asked, good, bad] = ["system", "user", "good", "bad"].map(say) as [
  ChatMessage,
  ChatMessage,
  ChatMessage,
  ChatMessage,
];

describe("rows of preferences", () => {
  const plain = { prompt: [asked], chosen: [good], rejected: [bad] };
  it.each([
    ["texts", { prompt: "user", chosen: "good", rejected: "bad" }, plain],
    ["messages after a prompt of messages", plain, plain],
    ["texts after a prompt of messages", { prompt: [asked], chosen: "good", rejected: "bad" }, plain],
    ["whole conversations", { prompt: "user", chosen: [asked, good], rejected: [asked, bad] }, plain],
    ["whole conversations without prompt", { chosen: [asked, good], rejected: [asked, bad] }, plain],
    [
      "answers of several turns",
      { prompt: [system, asked, good, asked], chosen: [good, asked, good], rejected: [bad] },
      { prompt: [system, asked, good, asked], chosen: [good, asked, good], rejected: [bad] },
    ],
    [
      "answers of several turns that begin alike",
      { chosen: [asked, good, asked, good], rejected: [asked, good, asked, bad] },
      { prompt: [asked, good, asked], chosen: [good], rejected: [bad] },
    ],
  ])("%s", async (_, row, wanted) => {
    const [found] = await read(row);
    expect(found).toEqual({ ...wanted, source: `${join(root, "rows.jsonl")}:1` });
  });

  it("are dropped and counted where both answers are the same, in every reading alike", async () => {
    const same = { prompt: "user", chosen: "good", rejected: "good" };
    const other = { prompt: "user", chosen: "good", rejected: "bad" };
    const wholes = { chosen: [asked, good], rejected: [asked, good] };
    const preferences = readPreferences(await put(same, other, wholes, { ...same, rejected: [good] }));
    for (let reading = 0; reading < 2; reading++) {
      const lines: string[] = [];
      for await (const { source } of preferences) lines.push(source.slice(-1));
      expect(lines).toEqual(["2"]);
      expect(preferences.dropped).toBe(3);
    }
  });
});

describe("bad rows", () => {
  const bad = { prompt: "user", rejected: "bad" };
  const same = { prompt: "user", chosen: "good", rejected: "good" };
  const fine = { prompt: "user", chosen: "good", rejected: "bad" };

  it("are left out, counted and named with skipBad, beside the equal ones", async () => {
    const preferences = readPreferences(await put(bad, fine, same, bad), { skipBad: true });
    for (let reading = 0; reading < 2; reading++) {
      const lines: string[] = [];
      for await (const { source } of preferences) lines.push(source.slice(-1));
      expect(lines).toEqual(["2"]);
      expect(preferences.dropped).toBe(1);
      expect(preferences.leftOut).toMatchObject([
        {
          what: "a field of the row is missing",
          count: 2,
          places: [/:1, chosen/, /:4, chosen/].map(matching),
        },
      ]);
    }
  });

  it("stop the reading, all counted, without it", async () => {
    await expect(read(bad, fine, bad)).rejects.toThrow(/missing[\s\S]*2: .*:1, chosen.*; .*:3, chosen/);
  });
});

const matching = (pattern: RegExp) => expect.stringMatching(pattern);

describe("rows are refused with file and line", () => {
  it.each([
    ["no chosen", { prompt: "user", rejected: "bad" }, /missing[\s\S]*, chosen/, DataError],
    ["no rejected", { prompt: "user", chosen: "bad" }, /missing[\s\S]*, rejected/, DataError],
    ["texts without prompt", { chosen: "good", rejected: "bad" }, /begins with assistant/, ChatError],
    ["a prompt that is a number", { prompt: 1, chosen: "good", rejected: "bad" }, /, prompt: 1/, DataError],
    ["an empty answer", { prompt: "user", chosen: "good", rejected: "" }, /rejected, message 2/, ChatError],
    [
      "another prompt in the answer",
      { prompt: "user", chosen: [say("user two"), good], rejected: [bad] },
      /chosen, message 2: user after user/,
      ChatError,
    ],
    [
      "a prompt that holds the answer",
      { prompt: [asked, good], chosen: [asked, good], rejected: [asked, bad] },
      /two answers|after/,
      ChatError,
    ],
    ["an empty list", { prompt: "user", chosen: [], rejected: [bad] }, /two answers/, ChatError],
    ["users that differ", { chosen: [asked, good], rejected: [say("u"), bad] }, /two answers/, ChatError],
    ["nothing at all", { chosen: [], rejected: [] }, /no messages/, ChatError],
  ])("%s", async (_, row, message, kind) => {
    const reading = read({ prompt: "user", chosen: "good", rejected: "bad" }, row);
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toHaveProperty("cause.name", kind.name);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow("rows.jsonl:2");
  });

  it("whatever they hold", async () => {
    const message = fc.constantFrom(system, asked, good, bad, { role: "x", content: "y" }, 7);
    const value = fc.oneof(fc.jsonValue(), fc.string(), fc.array(message, { maxLength: 4 }));
    const row = fc.record({ prompt: value, chosen: value, rejected: value }, { requiredKeys: [] });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(row, async (any) => {
        try {
          for (const { chosen, rejected } of await read(any)) {
            accepted++;
            expect([chosen[0]?.role, rejected[0]?.role]).toEqual(["assistant", "assistant"]);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { seed: 3, numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(3);
  });
});
