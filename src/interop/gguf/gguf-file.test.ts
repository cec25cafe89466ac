import { expect, it } from "vitest";
import { readGguf } from "../../../test/read-gguf.js";
import { memoryFolder } from "../../files/memory.js";
import { bool, float32, type GgufValue, int32s, string, strings, uint32, writeGguf } from "./gguf-file.js";

it("holds values of every type, and more of them than fit the first buffer", async () => {
  const values: [string, GgufValue, unknown][] = [
    ["a", uint32(4_000_000_000), 4_000_000_000],
    ["b", float32(0.1), Math.fround(0.1)],
    ["c", bool(true), true],
    ["d", bool(false), false],
    ["e", string("世界 \u{1f680}"), "世界 \u{1f680}"],
    ["f", int32s([1, -2, 2 ** 31 - 1]), [1, -2, 2 ** 31 - 1]],
    ["g", strings([]), []],
  ];
  // Each kind of value is the one that makes the buffer grow, sooner or later.
  for (let i = 0; i < 400; i++) {
    const text = "é".repeat(i);
    values.push([`${i}`, string(text), text], [`list ${i}`, strings([text, ""]), [text, ""]]);
    values.push([`number ${i}`, uint32(i), i], [`flag ${i}`, bool(i % 2 === 0), i % 2 === 0]);
  }
  const folder = memoryFolder();
  await writeGguf(folder, "file", new Map(values.map(([key, value]) => [key, value])), []);
  const { metadata } = readGguf(await folder.read("file"));
  expect([...metadata]).toEqual(values.map(([key, , value]) => [key, value]));
});
