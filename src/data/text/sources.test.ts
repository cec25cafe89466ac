import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, it } from "vitest";
import { DataError, MissingFileError } from "../../files/errors.js";
import type { LeftOut } from "../reading.js";
import { findFiles } from "./find-files.js";
import { allDocuments, documents, type SourceOptions } from "./sources.js";

const root = await fs.mkdtemp(join(tmpdir(), "sources-"));
afterAll(() => fs.rm(root, { recursive: true }));

async function put(path: string, content: string | Uint8Array): Promise<string> {
  const full = join(root, path);
  await fs.mkdir(dirname(full), { recursive: true });
  await fs.writeFile(full, content);
  return full;
}

async function textsOf(options: SourceOptions | string): Promise<string[]> {
  const texts: string[] = [];
  for await (const document of documents(typeof options === "string" ? { files: options } : options)) {
    let text = "";
    for await (const piece of document.pieces()) text += piece;
    texts.push(text);
  }
  return texts;
}

const WORLD = "世界和平 🌍 naïve\n";

function parquet(columns: Record<string, unknown[]>, rowGroupSize?: number): Uint8Array {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }));
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

describe("formats", () => {
  it("reads text files plain and compressed, without the byte order mark", async () => {
    await put("plain/a.txt", `\ufeff${WORLD}`);
    await put("plain/b.md", "# Title");
    await put("plain/c.TXT.gz", gzipSync("compressed"));
    expect(await textsOf(join(root, "plain"))).toEqual([WORLD, "# Title", "compressed"]);
  });

  it("reads JSON lines, also with a carriage return, blank lines and an unfinished last line", async () => {
    const lines = `${JSON.stringify({ text: WORLD })}\r\n\n{"text":"b\\ud83c\\udf0d"}\n{"text":null}\n{"text":"c"}`;
    const plain = await put("rows.jsonl", lines);
    const gz = await put("rows2.jsonl.gz", gzipSync(lines.replaceAll('"text"', '"body"')));
    expect(await textsOf(plain)).toEqual([WORLD, "b🌍", "c"]);
    expect(await textsOf({ files: gz, field: "body" })).toEqual([WORLD, "b🌍", "c"]);
  });

  it("reads fields inside of others by their path, in both tables", async () => {
    const rows = ["a", "b"].map((body) => ({ meta: { body, id: 1 }, "meta.id": "x" }));
    const lines = await put("nested.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
    expect(await textsOf({ files: lines, field: "meta.body" })).toEqual(["a", "b"]);
    expect(await textsOf({ files: lines, field: "meta.id" })).toEqual(["x"]);
    await expect(textsOf({ files: lines, field: "meta.text" })).rejects.toThrow(/no field "meta\.text"/);
    const meta: SchemaElement[] = [
      { name: "root", num_children: 1 },
      { name: "meta", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "body", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "id", type: "INT32", repetition_type: "OPTIONAL" },
    ];
    const data = [...rows.map((row) => row.meta), { body: null, id: 2 }, null];
    const writer = { columnData: [{ name: "meta", data }], schema: meta };
    const table = await put("nested.parquet", new Uint8Array(parquetWriteBuffer(writer)));
    expect(await textsOf({ files: table, column: "meta.body" })).toEqual(["a", "b"]);
    for (const [column, found] of Object.entries({
      "meta.id": "holds no text",
      meta: "nested values",
      "meta.x": "no column",
    }))
      await expect(textsOf({ files: table, column })).rejects.toThrow(found);
  });

  it("reads parquet over several row groups, plain and compressed", async () => {
    const data = Array.from({ length: 25 }, (_, i) => `${WORLD}${i}`);
    const bytes = parquet({ id: data.map((_, i) => i), text: data }, 10);
    expect(await textsOf(await put("p/a.parquet", bytes))).toEqual(data);
    expect(await textsOf(await put("p/b.parquet.gz", gzipSync(bytes)))).toEqual(data);
    const other = await put("p/c.parquet", parquet({ body: ["x", null, "y"] }));
    expect(await textsOf({ files: other, column: "body" })).toEqual(["x", "y"]);
  });

  it("gives a huge text as pieces that join up, cut at newlines", async () => {
    const line = "深い海の底 🐙 and on it goes\n";
    const text = line.repeat(80_000);
    const path = await put("huge.txt.gz", gzipSync(text, { level: 1 }));
    for await (const document of documents({ files: path })) {
      const pieces: string[] = [];
      for await (const piece of document.pieces()) pieces.push(piece);
      expect(pieces.length).toBeGreaterThan(2);
      expect(pieces.every((piece) => piece.endsWith("\n"))).toBe(true);
      expect(pieces.join("") === text).toBe(true);
      expect(document.digest.bytes).toBe(Buffer.byteLength(text));
      expect(document.digest.codeUnits).toBe(text.length);
    }
  });
});

describe("what is read", () => {
  it("finds files, folders and globs once each, in order", async () => {
    for (const name of ["b.txt", "a.txt", "deep/c.md", "deep/.hidden.txt", "picture.png"])
      await put(`set/${name}`, name);
    expect(await textsOf(join(root, "set"))).toEqual(["a.txt", "b.txt", "deep/c.md"]);
    expect(await textsOf(join(root, "set/*.txt"))).toEqual(["a.txt", "b.txt"]);
    const files = [join(root, "set/b.txt"), join(root, "set/**/*.{txt,md}")];
    expect(await textsOf({ files })).toEqual(["a.txt", "b.txt", "deep/c.md"]);
  });

  it("drops exact repetitions and empty rows, counting them, in every reading alike", async () => {
    await put("same/a.txt", "same");
    await put("same/b.txt", "other");
    await put("same/c.jsonl", '{"text":"same"}\n{"text":""}\n{"text":"new"}\n{"text":"new"}\n');
    const source = documents({ files: join(root, "same") });
    for (let reading = 0; reading < 2; reading++) {
      const found: string[] = [];
      for await (const { source: from, index } of source)
        found.push(`${index} ${from.slice(root.length + 6)}`);
      expect(found).toEqual(["0 a.txt", "1 b.txt", "4 c.jsonl:3"]);
      expect(source.passedOver).toEqual({ duplicates: 2, empty: 1 });
    }
  });

  it("keeps thousands of documents apart", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ text: `row ${i % 4000}` }));
    const source = documents({ files: await put("many.jsonl", rows.join("\n")) });
    let count = 0;
    for await (const _ of source) count++;
    expect([count, source.passedOver.duplicates]).toEqual([4000, 1000]);
  });
});

describe("bad and empty items", () => {
  const shortened = (leftOut: readonly LeftOut[]) =>
    leftOut.map(({ what, count, places }) => [
      what,
      count,
      places.map((place) => place.slice(root.length + 6)),
    ]);
  const latin = Buffer.from("Stra\xdfe", "latin1");

  /** Good ones among every kind of bad one. */
  async function mixed(): Promise<string> {
    await put("odds/a.txt", "good");
    await put("odds/b.txt", "");
    await put("odds/c.txt", "\ufeff");
    await put("odds/d.txt.gz", gzipSync(""));
    await put("odds/e.txt", latin);
    await put("odds/f.txt.gz", gzipSync(Buffer.from(WORLD.repeat(100))).subarray(0, 40));
    await put("odds/g.jsonl", "\n\n");
    const rows = [
      '{"text":"good row"}',
      '{"body":1}',
      '{"text":7}',
      '{"text":"\\ud83d"}',
      "{",
      "[1]",
      '{"text":""}',
    ];
    const bad = Buffer.concat([Buffer.from('{"text":"'), latin, Buffer.from('"}\n{"text":"last row"}')]);
    await put("odds/h.jsonl", Buffer.concat([Buffer.from(`${rows.join("\n")}\n`), bad]));
    await put("odds/i.parquet", parquet({ text: [] }));
    await put("odds/j.parquet", "not parquet at all");
    await put("odds/k.parquet", parquet({ body: ["x"] }));
    await put(
      "odds/l.parquet",
      parquet({ text: [Buffer.from("good cell"), latin, Buffer.from("other cell"), null] }),
    );
    await put("odds/m.parquet", "");
    await put("odds/n.csv", "text");
    return join(root, "odds");
  }
  const empty = [
    ["the file is of another kind", 1, ["n.csv"]],
    ["the file is empty", 3, ["b.txt", "c.txt", "d.txt.gz"]],
    ["the file holds no rows", 3, ["g.jsonl", "i.parquet", "m.parquet"]],
  ];
  const bad = [
    ["the file is not UTF-8 text", 1, ["e.txt: byte 0xdf at byte offset 4"]],
    ["the compressed file cannot be read", 1, [/^f\.txt\.gz: unexpected end/]],
    ['the row has no field "text"', 1, ["h.jsonl:2 has: body"]],
    ['the field "text" holds no text', 1, ["h.jsonl:3: 7"]],
    ["the row holds half a surrogate pair", 1, ["h.jsonl:4"]],
    ["the line is not JSON", 1, [/^h\.jsonl:5: ./]],
    ["the line is no JSON object", 1, ["h.jsonl:6: [1]"]],
    ["the line is not UTF-8 text", 1, [/^h\.jsonl:8: byte 0xdf at byte offset \d+$/]],
    ["the Parquet file cannot be read", 1, [/^j\.parquet: ./]],
    ['the file has no column "text"', 1, ["k.parquet has: body"]],
    ["the row is not UTF-8 text", 1, ["l.parquet:2"]],
  ] as const;
  const patterns = bad.map(([what, count, places]) => [
    what,
    count,
    places.map((place) => (typeof place === "string" ? place : expect.stringMatching(place))),
  ]);
  const good = ["good", "good row", "last row", "good cell", "other cell"];
  const byKind = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));

  it("are left out, counted and named with skipBad, in every reading alike", async () => {
    const source = documents({ files: await mixed(), skipBad: true });
    for (let reading = 0; reading < 2; reading++) {
      const texts: string[] = [];
      for await (const { pieces } of source) for await (const piece of pieces()) texts.push(piece);
      expect(texts).toEqual(good);
      expect(source.passedOver).toEqual({ duplicates: 0, empty: 2 });
      expect(shortened(source.leftOut).sort(byKind)).toEqual([...empty, ...patterns].sort(byKind));
    }
  });

  it("are left out before anything of them is read where every document is wanted", async () => {
    const source = allDocuments(await findFiles(await mixed()), { skipBad: true });
    const texts: string[] = [];
    for await (const { pieces } of source) for await (const piece of pieces()) texts.push(piece);
    expect(texts).toEqual(good);
    const [, ...withoutFolder] = empty;
    expect(shortened(source.leftOut).sort(byKind)).toEqual([...withoutFolder, ...patterns].sort(byKind));
  });

  it("stop the reading with one error that counts the bad ones, and never for empty ones", async () => {
    const files = await mixed();
    for (const read of [textsOf, everyText]) {
      const reading = read(files);
      await expect(reading).rejects.toThrow(/^11 parts of the data cannot be used\n/);
      await expect(reading).rejects.toThrow(/1 where the row has no field "text" \(.*h\.jsonl:2 has: body\)/);
      await expect(reading).rejects.toThrow(/to do: .*skipBad$/);
      await expect(reading).rejects.not.toThrow(/empty|no rows/);
    }
    const names = ["a.txt", "b.txt", "c.txt", "d.txt.gz", "g.jsonl", "i.parquet", "m.parquet"];
    expect(await textsOf({ files: names.map((name) => join(files, name)) })).toEqual(["good"]);
  });

  it("refuse a kind that a glob brings, and leave it out with skipBad", async () => {
    const files = [join(await mixed(), "*.{txt,csv}")];
    await expect(textsOf({ files })).rejects.toThrow(/2 parts[\s\S]*this kind cannot be read \(.*n\.csv\)/);
    expect(await textsOf({ files, skipBad: true })).toEqual(["good"]);
  });

  it("lose only the rest of a compressed table that is cut", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `{"text":"${(i * 2654435761) % 2 ** 32}"}`).join(
      "\n",
    );
    const cut = gzipSync(rows).subarray(0, 100_000);
    const source = documents({ files: await put("cut.jsonl.gz", cut), skipBad: true });
    let count = 0;
    for await (const _ of source) count++;
    expect(count).toBeGreaterThan(3_000);
    expect(count).toBeLessThan(20_000);
    expect(source.leftOut).toMatchObject([{ what: "the compressed file cannot be read", count: 1 }]);
  });

  async function everyText(files: string): Promise<string[]> {
    const texts: string[] = [];
    for await (const { source } of allDocuments(await findFiles(files))) texts.push(source);
    return texts;
  }
});

describe("what is refused", () => {
  const bad = async (options: SourceOptions | string, message: RegExp, kind = DataError) => {
    const reading = textsOf(options);
    await expect(reading).rejects.toThrow(kind);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(/\n {2}found: .+\n {2}to do: ./);
  };

  it("names or globs that match nothing", async () => {
    await bad(join(root, "none.txt"), /none\.txt/, MissingFileError);
    await bad(join(root, "none-*.txt"), /none-\*\.txt/, MissingFileError);
    await bad({ files: [] }, /empty list/, MissingFileError);
    const names = Array.from({ length: 7 }, (_, i) => join(root, `none-${i}.txt`));
    await bad({ files: names }, /none-0\.txt", .*none-4\.txt" and 2 more from/, MissingFileError);
    await put("pictures/a.png", "x");
    await bad(
      join(root, "pictures"),
      /holds \.png; looked for \.txt, \.md[\s\S]*\.parquet/,
      MissingFileError,
    );
  });

  it("kinds that cannot be read", async () => {
    await bad(await put("a.docx", "x"), /a\.docx[\s\S]*\.jsonl/);
    await bad(join(root, "pictures/*"), /a\.png/);
  });

  it("bytes that are not UTF-8, by their offset in the decompressed file", async () => {
    const bytes = Buffer.concat([Buffer.from("好".repeat(700_000)), Buffer.from([0xff]), Buffer.from("x")]);
    await bad(await put("latin.txt", bytes), /latin\.txt: byte 0xff at byte offset 2100000/);
    await bad(await put("latin.txt.gz", gzipSync(bytes, { level: 1 })), /byte offset 2100000/);
    await bad(await put("cut.txt", Buffer.from("ab世").subarray(0, 4)), /byte 0xe4 at byte offset 2/);
    await bad(
      await put("bad.jsonl", Buffer.from([0x7b, 0xc0, 0x80])),
      /bad\.jsonl:1: byte 0xc0 at byte offset 1/,
    );
  });

  it("damaged compression", async () => {
    const gz = gzipSync(Buffer.from(WORLD.repeat(100)));
    await bad(await put("cut.txt.gz", gz.subarray(0, 40)), /cut\.txt\.gz: unexpected end/);
    await bad(await put("fake.txt.gz", "not gzip"), /fake\.txt\.gz: incorrect header/);
  });

  it("bad JSON lines, by file and line", async () => {
    await bad(await put("j1.jsonl", '{"text":"a"}\n\n{"text":\n'), /j1\.jsonl:3/);
    await bad(await put("j2.jsonl", '["a"]'), /no JSON object[\s\S]*j2\.jsonl:1/);
    await bad(
      await put("j3.jsonl", '{"body":"a","id":1}'),
      /no field "text"[\s\S]*j3\.jsonl:1 has: body, id/,
    );
    await bad({ files: join(root, "j3.jsonl"), field: "id" }, /field "id" holds no text[\s\S]*:1/);
    await bad(await put("j4.jsonl", '{"text":"a"}\n{"text":"\\ud83d"}'), /surrogate[\s\S]*j4\.jsonl:2/);
  });

  it("bad parquet files and columns", async () => {
    const file = await put("q.parquet", parquet({ id: [1, 2], body: ["a", "b"] }));
    await bad(file, /no column "text"[\s\S]*q\.parquet has: id, body/);
    await bad({ files: file, column: "id" }, /column "id" holds no text/);
    await bad(await put("fake.parquet", "not parquet at all"), /fake\.parquet/);
  });
});
