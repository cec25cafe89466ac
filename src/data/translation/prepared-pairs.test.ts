import { describe, expect, it } from "vitest";
import { dyingFolder } from "../../../test/dying-folder.js";
import { ShardError } from "../../files/errors.js";
import { memoryFolder } from "../../files/memory.js";
import {
  openPreparedPairs,
  openPreparedSentences,
  type PreparedPair,
  writePreparedPairs,
  writePreparedSentences,
} from "./prepared-pairs.js";

const pairs: PreparedPair[] = [
  { source: "Hi.", target: "嗨。", sourceLanguage: "en", targetLanguage: "zh-CN" },
  { source: "嗨 🌍\n", target: "", sourceLanguage: "zh-CN", targetLanguage: "en" },
  { source: "Oh.", target: "哦。", sourceLanguage: "en", targetLanguage: "zh-CN" },
];

async function written(folder = memoryFolder()) {
  await writePreparedPairs(folder, "train", pairs);
  return folder;
}

describe("prepared pairs", () => {
  it("come back by number, with their directions", async () => {
    const { count, directions, read } = await openPreparedPairs(await written(), "train");
    expect(count).toBe(3);
    expect(directions).toEqual([
      ["en", "zh-CN"],
      ["zh-CN", "en"],
    ]);
    for (const i of [2, 0, 1]) expect(await read(i)).toEqual(pairs[i]);
    for (const i of [-1, 3, 0.5]) await expect(read(i)).rejects.toThrow(ShardError);
  });

  it("replace what stands there, also by none", async () => {
    const folder = await written();
    await writePreparedPairs(folder, "train", []);
    expect((await openPreparedPairs(folder, "train")).count).toBe(0);
  });

  it("are not complete before their last write, and leave nothing where that fails", async () => {
    const writes = 3;
    for (let i = 0; i < writes; i++) {
      const folder = memoryFolder();
      await expect(written(dyingFolder(folder, i))).rejects.toThrow("killed");
      expect(await folder.list("train")).toEqual([]);
    }
    const folder = memoryFolder();
    await written(dyingFolder(folder, writes));
    expect((await openPreparedPairs(folder, "train")).count).toBe(3);
  });

  it.each(["index.json", "texts.bin", "lengths.bin"])("are refused with a damaged %s", async (file) => {
    const flipped = (bytes: Uint8Array) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1] ^ 0x80);
    for (const change of [flipped, (bytes: Uint8Array) => bytes.slice(0, -2), () => new Uint8Array()]) {
      const folder = await written();
      await folder.write(`train/${file}`, change(await folder.read(`train/${file}`)));
      await expect(openPreparedPairs(folder, "train")).rejects.toThrow(ShardError);
    }
  });

  it("of more than is kept in memory are fetched", async () => {
    const long = "ä".repeat(2 ** 20);
    const many = Array.from({ length: 17 }, (_, i) => ({
      ...pairs[0],
      source: `${i}${long}`,
      target: `${long}${i}`,
    }));
    const folder = memoryFolder();
    await writePreparedPairs(folder, "train", many);
    const { read } = await openPreparedPairs(folder, "train");
    for (const i of [16, 3]) expect((await read(i)).target === many[i].target).toBe(true);
  });
});

describe("prepared sentences", () => {
  const sentences = [
    { text: "Hi.", language: "en" },
    { text: "嗨。", language: "zh" },
  ];

  it("come back by number, and are no pairs", async () => {
    const folder = memoryFolder();
    await writePreparedSentences(folder, "train", sentences);
    const { count, languages, read } = await openPreparedSentences(folder, "train");
    expect([count, languages]).toEqual([2, ["en", "zh"]]);
    expect(await read(1)).toEqual(sentences[1]);
    await expect(openPreparedPairs(folder, "train")).rejects.toThrow(ShardError);
  });
});
