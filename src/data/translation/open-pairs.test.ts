import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { fileWriters } from "../../../test/image-sets.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { openPairs, type PairOptions } from "./open-pairs.js";

const { root, folderOf, fileOf } = fileWriters();
const germans = { sourceLanguage: "en", targetLanguage: "de" };

/** The texts of the pairs, and what was not read. */
async function opened(files: Parameters<typeof openPairs>[0], options: PairOptions = {}) {
  const { pairs, sourceLanguage, targetLanguage, layout, leftOut } = await openPairs(files, options);
  const texts = pairs.map(({ source, target }) => [source, target]);
  return { texts, direction: `${sourceLanguage} ${targetLanguage}`, layout, leftOut };
}

async function written(name: string, bytes: string | Uint8Array, options: PairOptions = {}) {
  return opened(await fileOf(name, bytes), options);
}

describe("TSV", () => {
  const lines = 'Hi.\tHallo.\nOh "no".\tAch.\r\n';
  const texts = [
    ["Hi.", "Hallo."],
    ['Oh "no".', "Ach."],
  ];

  it("has its languages by option, name or first line", async () => {
    const expected = { texts, direction: "en de", layout: "TSV", leftOut: [] };
    expect(await written("a.tsv", `\ufeff${lines}`, germans)).toEqual(expected);
    expect(await written("corpus-en-de.tsv.gz", gzipSync(lines))).toEqual(expected);
    expect(await written("a.tsv", `en\tde\n${lines}`)).toEqual(expected);
    expect(await written("a.tsv", `source\ttarget\n${lines}`, germans)).toEqual(expected);
  });

  it("turns the direction by option", async () => {
    const turned = await written("a.en-de.tsv", lines, { sourceLanguage: "de" });
    expect(turned.direction).toBe("de en");
    expect(turned.texts[0]).toEqual(["Hallo.", "Hi."]);
  });

  it("of Tatoeba has an attribution or numbers, which are not read", async () => {
    const attributed = await written("a.tsv", "Hi.\tHallo.\tCC-BY 2.0\n", germans);
    expect(attributed.texts).toEqual(texts.slice(0, 1));
    expect(attributed.leftOut[0]).toMatch(/^1 where further columns are not read \(.*a\.tsv:1\)$/);
    expect((await written("a.tsv", "12\tHi.\t77\tHallo.\n", germans)).texts).toEqual(texts.slice(0, 1));
  });

  it("is refused without languages, and for those that it has not", async () => {
    await expect(written("a.tsv", lines)).rejects.toThrow(/not said which two[\s\S]*source, target/);
    await expect(written("a.tsv", `en\tde\tfr\na\tb\tc\n`)).rejects.toThrow(/en, de, fr/);
    await expect(
      written("a.en-de.tsv", lines, { sourceLanguage: "en", targetLanguage: "fr" }),
    ).rejects.toThrow(/no pairs[\s\S]*has: en, de/);
    await expect(written("a.tsv", lines, { ...germans, targetLanguage: "german" })).rejects.toThrow(
      /no such code[\s\S]*"german"/,
    );
  });

  it("counts lines of one column and bad bytes", async () => {
    const bad = Buffer.concat([Buffer.from("alone\n\n"), Buffer.from([0xe9]), Buffer.from(`\tx\n${lines}`)]);
    await expect(written("a.tsv", bad, germans)).rejects.toThrow(
      /2 parts of the data[\s\S]*too few columns[\s\S]*UTF-8/,
    );
    const { texts: kept, leftOut } = await written("a.tsv", bad, { ...germans, skipBad: true });
    expect(kept).toEqual(texts);
    expect(leftOut.map((phrase) => phrase.replace(/ \(.*/, ""))).toEqual([
      "1 where a line has too few columns",
      "1 where a line is blank",
      "1 where the line is not UTF-8 text",
    ]);
  });
});

describe("JSON Lines and Parquet", () => {
  const rows = [
    { id: "0", translation: { en: "Hi.", de: "Hallo." } },
    { id: "1", translation: { en: "Oh.", de: null } },
  ];
  const texts = [
    ["Hi.", "Hallo."],
    ["Oh.", ""],
  ];

  it("have translations as the Hub has them", async () => {
    const lines = rows.map((row) => JSON.stringify(row)).join("\n");
    const expected = { texts, direction: "en de", leftOut: [] };
    expect(await written("a.jsonl", lines)).toEqual({ ...expected, layout: "JSON Lines" });
    const translation = { name: "translation", data: rows.map((row) => row.translation) };
    const table = new Uint8Array(parquetWriteBuffer({ columnData: [translation] }));
    expect(await written("a.parquet", table)).toEqual({ ...expected, layout: "Parquet" });
  });

  it("have columns of languages", async () => {
    const columnData = [
      { name: "n", data: [1, 2] },
      { name: "de", data: ["Hallo.", null] },
      { name: "en", data: ["Hi.", "Oh."] },
    ];
    const table = await fileOf("a.parquet", new Uint8Array(parquetWriteBuffer({ columnData })));
    expect((await opened(table, { sourceLanguage: "en" })).texts).toEqual(texts);
    const line = '{"en_US":"Hi.","de":"Hallo.","fr":"Salut."}';
    expect((await written("a.jsonl", line, germans)).texts).toEqual(texts.slice(0, 1));
    expect((await written("a.jsonl", '{"source":"Hi.","target":"Hallo."}', germans)).texts).toEqual(
      texts.slice(0, 1),
    );
  });
});

describe("aligned files", () => {
  it("are given by a pattern or by language, and say their split", async () => {
    const folder = await folderOf({
      "train.en": "Hi.\nOh.\n",
      "train.de": "Hallo.\r\nAch.",
      "val.en.gz": gzipSync("No.\n"),
      "val.de.gz": gzipSync("Nein.\n"),
    });
    const { pairs, layout } = await openPairs([`${folder}/train.{en,de}`, `${folder}/val.{en,de}.gz`]);
    expect(layout).toBe("aligned files");
    expect(pairs.map(({ target, split }) => [target, split])).toEqual([
      ["Hallo.", "train"],
      ["Ach.", "train"],
      ["Nein.", "validation"],
    ]);
    const turned = await opened({ de: `${folder}/train.de`, en: [`${folder}/train.en`] });
    expect(turned.direction).toBe("de en");
    expect(turned.texts).toEqual([
      ["Hallo.", "Hi."],
      ["Ach.", "Oh."],
    ]);
  });

  it("of unequal numbers are refused with both", async () => {
    const folder = await folderOf({ "a.en": "1\n2\n3\n4\n", "a.de": "1\n2\n", "b.en": "" });
    await expect(openPairs(`${folder}/a.{en,de}`)).rejects.toThrow(
      /unequal numbers of lines[\s\S]*a\.en: 4, .*a\.de: 2/,
    );
    await expect(openPairs(`${folder}/a.{de,en}`, { skipBad: true })).rejects.toThrow(/a\.de: 2, .*a\.en: 4/);
    await expect(openPairs(`${folder}/*.{en,de}`)).rejects.toThrow(
      /unequal numbers of files[\s\S]*en: 2[\s\S]*de: 1/,
    );
    await expect(openPairs({ en: `${folder}/a.en` })).rejects.toThrow(/two languages/);
  });
});

describe("TMX", () => {
  const memory = (body: string) =>
    `<?xml version="1.0"?>\n<tmx version="1.4"><header srclang="en-US"><note>no text</note></header><body>${body}</body></tmx>`;
  const unit = (en: string, de: string) =>
    `<tu><prop type="x">p</prop><tuv xml:lang="en-US"><seg>${en}</seg></tuv><tuv lang="DE-de"><seg>${de}</seg></tuv></tu>`;

  it("has units with codes as text", async () => {
    const body =
      unit("Save &amp; <bpt i='1'>&lt;b&gt;</bpt>close<ept i='1'>&lt;/b&gt;</ept>", "Schließen<ph x='1'/>") +
      unit("<![CDATA[a < b]]>", "<hi>a</hi> &lt; b");
    const { texts, direction, leftOut } = await written("a.tmx", memory(body));
    expect(direction).toBe("en-US de-DE");
    expect(leftOut).toEqual([]);
    expect(texts).toEqual([
      ["Save & <b>close</b>", 'Schließen<ph x="1"/>'],
      ["a < b", "a < b"],
    ]);
    expect((await written("a.tmx", memory(body), germans)).direction).toBe("en de");
  });

  it("counts units without both languages and languages given twice", async () => {
    const alone = '<tu><tuv xml:lang="en-US"><seg>alone</seg></tuv></tu>';
    const twice = unit("one", "eins").replace("</tu>", '<tuv xml:lang="en-US"><seg>first</seg></tuv></tu>');
    const { texts, leftOut } = await written("a.tmx", memory(alone + twice), germans);
    expect(texts).toEqual([["one", "eins"]]);
    expect(leftOut.map((phrase) => phrase.replace(/ \(.*/, ""))).toEqual([
      "1 where a unit has a language twice",
      "1 where a text is not there in both languages",
    ]);
  });

  it.each(["little", "big"])("is read in UTF-16, %s end first", async (first) => {
    const bytes = Buffer.from(`\ufeff${memory(unit("Open", "Öffnen 😀"))}`, "utf16le");
    if (first === "big") bytes.swap16();
    expect((await written("a.tmx", bytes)).texts).toEqual([["Open", "Öffnen 😀"]]);
    await expect(written("a.tmx", bytes.subarray(0, -1))).rejects.toThrow(/not UTF-16 text[\s\S]*a\.tmx/);
  });

  it("that does not close is refused with its place", async () => {
    await expect(written("a.tmx", memory(`${unit("a", "b")}<tu>`))).rejects.toThrow(/no XML[\s\S]*a\.tmx:2:/);
    await expect(written("a.tmx", "<tmx>")).rejects.toThrow(DataError);
  });
});

describe("PO", () => {
  const header =
    'msgid ""\nmsgstr ""\n"Language: de_DE\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n';
  const body = `
msgctxt "menu"
msgid "Open"
msgstr "Öffnen"

#, c-format, fuzzy
msgid "Close %s"
msgstr "Zu %s"

msgid "%d file"
msgid_plural "%d files"
msgstr[0] "%d Datei"
msgstr[1] "%d Dateien"

msgid "new"
msgstr ""

#~ msgid "old"
#~ msgstr "alt"
`;

  it("gives messages and plurals, and counts the others", async () => {
    const { texts, direction, leftOut } = await written("a.po", header + body);
    expect(direction).toBe("en de-DE");
    expect(texts).toEqual([
      ["Open", "Öffnen"],
      ["%d file", "%d Datei"],
      ["%d files", "%d Dateien"],
    ]);
    expect(leftOut.map((phrase) => phrase.replace(/ \(.*/, ""))).toEqual([
      "1 where a message is fuzzy",
      "1 where a message is not translated",
      "1 where a message is obsolete",
    ]);
  });

  it("has its language by its name, and one form for all numbers", async () => {
    const chinese =
      'msgid ""\nmsgstr ""\n\nmsgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d 个文件"\n';
    const { texts, direction } = await written("zh_CN.po", chinese);
    expect(direction).toBe("en zh-CN");
    expect(texts).toEqual([["%d files", "%d 个文件"]]);
  });
});

describe("files", () => {
  it("that are missing or of no known kind are named", async () => {
    await expect(openPairs(`${root}/none.tsv`, germans)).rejects.toThrow(MissingFileError);
    await expect(written("a.doc", "x", germans)).rejects.toThrow(
      /files of this kind[\s\S]*a\.doc[\s\S]*\.tmx/,
    );
    await expect(openPairs([], germans)).rejects.toThrow(MissingFileError);
    await expect(written("a.en-de.tsv", "")).rejects.toThrow(/no pairs/);
  });

  it("of several kinds are one set", async () => {
    const folder = await folderOf({ "a.en-de.tsv": "Hi.\tHallo.\n", "b.jsonl": '{"de":"Ach.","en":"Oh."}' });
    const { texts, layout } = await opened(folder);
    expect(layout).toBe("TSV, JSON Lines");
    expect(texts).toEqual([
      ["Hi.", "Hallo."],
      ["Oh.", "Ach."],
    ]);
  });
});
