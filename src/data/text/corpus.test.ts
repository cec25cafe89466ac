import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { describeLeftOut } from "../reading.js";
import { type Corpus, openCorpus } from "./corpus.js";
import type { Piece } from "./document.js";

const root = await fs.mkdtemp(join(tmpdir(), "corpus-"));
afterAll(() => fs.rm(root, { recursive: true }));

async function put(name: string, content: string): Promise<string> {
  await fs.writeFile(join(root, name), content);
  return join(root, name);
}

async function textsOf(pieces: AsyncIterable<Piece>): Promise<string[]> {
  const texts = [""];
  for await (const { text, isEnd } of pieces) {
    texts[texts.length - 1] += text;
    if (isEnd) texts.push("");
  }
  expect(texts.pop()).toBe("");
  return texts;
}

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `{"text":"row ${from + i}"}`).join("\n");

describe("a corpus of many documents", () => {
  let corpus: Corpus;
  let file: string;
  beforeAll(async () => {
    file = await put("many.jsonl", `${rows(0, 500)}\n${rows(0, 5)}`);
    corpus = await openCorpus({ files: file, seed: 1 });
  });

  it("splits by document near the fraction, and each stream can be read again", async () => {
    const [train, validation, all] = [
      await textsOf(corpus.train()),
      await textsOf(corpus.validation()),
      await textsOf(corpus.all()),
    ];
    expect(all.length).toBe(500);
    expect([...train, ...validation].sort()).toEqual([...all].sort());
    expect(validation.length).toBeGreaterThan(30);
    expect(validation.length).toBeLessThan(70);
    expect(await textsOf(corpus.validation())).toEqual(validation);
    expect(corpus.stats).toEqual({
      files: 1,
      documents: 500,
      duplicates: 5,
      empty: 0,
      leftOut: [],
      bytes: all.join("").length,
      codeUnits: all.join("").length,
      trainDocuments: train.length,
      validationDocuments: validation.length,
    });
  });

  it("keeps every document's split when a file is added, and changes it with the seed", async () => {
    const added = await put("a-first.jsonl", rows(500, 700));
    const before = new Set(await textsOf(corpus.validation()));
    const larger = await openCorpus({ files: [file, added], seed: 1 });
    const after = await textsOf(larger.validation());
    expect(after.filter((text) => Number(text.slice(4)) < 500)).toEqual([...before]);
    expect(larger.fingerprint).not.toBe(corpus.fingerprint);
    const other = await openCorpus({ files: file, seed: 2 });
    expect(await textsOf(other.validation())).not.toEqual([...before]);
    expect(other.fingerprint).not.toBe(corpus.fingerprint);
    expect((await openCorpus({ files: file, seed: 1 })).fingerprint).toBe(corpus.fingerprint);
  });

  it("leaves no split empty", async () => {
    for (let seed = 0; seed < 12; seed++) {
      for (const validationFraction of [0.001, 0.999]) {
        const files = await put("two.jsonl", rows(0, 2));
        const two = await openCorpus({ files, seed, validationFraction });
        expect((await textsOf(two.train())).length).toBe(1);
        expect((await textsOf(two.validation())).length).toBe(1);
        expect(two.stats).toMatchObject({ trainDocuments: 1, validationDocuments: 1 });
      }
    }
  });

  it("keeps everything for training at fraction 0", async () => {
    const whole = await openCorpus({ files: file, seed: 1, validationFraction: 0 });
    expect((await textsOf(whole.train())).length).toBe(500);
    expect(await textsOf(whole.validation())).toEqual([]);
  });
});

describe("a corpus of one document", () => {
  const split = async (text: string, validationFraction?: number) => {
    const corpus = await openCorpus({ files: await put("one.txt", text), seed: 3, validationFraction });
    return [
      (await textsOf(corpus.train())).join(),
      (await textsOf(corpus.validation())).join(),
      corpus,
    ] as const;
  };

  it("is cut where Python cuts text[: int(0.9 * len(text))]", async () => {
    // Lengths whose product with 0.9 rounds, and what Python 3 gives for int(0.9 * n).
    for (const [length, cut] of [
      [1, 0],
      [9, 8],
      [10, 9],
      [19, 17],
      [1115394, 1003854],
      [99999, 89999],
    ] as const) {
      const text = "abcdefghij\n".repeat(length / 11 + 1).slice(0, length);
      const [train, validation] = await split(text);
      expect(train.length).toBe(cut);
      expect(train + validation === text).toBe(true);
    }
  });

  it("is cut by code units, moving before a surrogate pair", async () => {
    expect((await split("世".repeat(10)))[1]).toBe("世");
    expect((await split("a🌍🌍🌍🌍", 0.5)).slice(0, 2)).toEqual(["a🌍", "🌍🌍🌍"]);
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        async (raw, f) => {
          const text = `x${raw}`;
          const [train, validation, corpus] = await split(text, f);
          expect(train + validation).toBe(text);
          expect(await textsOf(corpus.all())).toEqual([text]);
          expect(Buffer.from(validation).toString()).toBe(validation);
          const wanted = Math.floor((1 - f) * text.length);
          expect(wanted - train.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("marks the first and the last piece of each split", async () => {
    const [, , corpus] = await split(`${"line\n".repeat(500_000)}`);
    const marks: boolean[][] = [];
    for await (const { isStart, isEnd } of corpus.train()) marks.push([isStart, isEnd]);
    expect(marks).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
    expect(corpus.stats).toMatchObject({ documents: 1, trainDocuments: 1, validationDocuments: 1 });
  });
});

describe("a corpus with bad items", () => {
  const good = rows(0, 40);
  const latin = Buffer.from("na\xefve", "latin1");
  const withBad = async () => {
    await fs.mkdir(join(root, "odds"), { recursive: true });
    await fs.writeFile(join(root, "odds/a.txt"), latin);
    await put("odds/b.txt", "");
    await put("odds/c.jsonl", `{"body":1}\n${good}\n{"text":"\\udc00"}`);
    await put("odds/d.txt", "good");
    await put("odds/e.csv", "x");
    return join(root, "odds");
  };
  const withoutBad = async () => {
    await fs.mkdir(join(root, "evens"), { recursive: true });
    await put("evens/c.jsonl", good);
    await put("evens/d.txt", "good");
    return join(root, "evens");
  };

  it("is with skipBad the corpus of its good ones, and names the others", async () => {
    const corpus = await openCorpus({ files: await withBad(), seed: 1, skipBad: true });
    const clean = await openCorpus({ files: await withoutBad(), seed: 1 });
    for (const name of ["train", "validation", "all"] as const) {
      expect(await textsOf(corpus[name]())).toEqual(await textsOf(clean[name]()));
    }
    expect(corpus.fingerprint).toBe(clean.fingerprint);
    expect(corpus.stats).toMatchObject({ documents: 41, duplicates: 0, empty: 0 });
    expect(corpus.stats.leftOut.map(({ what, count }) => [what, count])).toEqual([
      ["the file is of another kind", 1],
      ["the file is not UTF-8 text", 1],
      ["the file is empty", 1],
      ['the row has no field "text"', 1],
      ["the row holds half a surrogate pair", 1],
    ]);
    expect(describeLeftOut(corpus.stats.leftOut)[2]).toBe(
      `1 where the file is empty (${join(root, "odds/b.txt")})`,
    );
  });

  it("is refused without it, for all of them at once", async () => {
    const opening = openCorpus({ files: await withBad(), seed: 1 });
    await expect(opening).rejects.toThrow(
      /^3 parts of the data[\s\S]*not UTF-8 text \(.*a\.txt: byte 0xef at byte offset 2\)[\s\S]*no field[\s\S]*surrogate/,
    );
  });

  it("is refused where nothing is left, saying what was there", async () => {
    const files = ["odds/a.txt", "odds/b.txt"].map((name) => join(root, name));
    await withBad();
    await expect(openCorpus({ files, seed: 1, skipBad: true })).rejects.toThrow(/not UTF-8[\s\S]*a\.txt/);
    await expect(openCorpus({ files: files[1], seed: 1 })).rejects.toThrow(
      /no text[\s\S]*empty \(.*b\.txt\)/,
    );
  });
});

describe("watching a corpus", () => {
  const megabytes = async () => {
    const files = [
      await put("long-a.txt", "a line of text\n".repeat(250_000)),
      await put("long-b.txt", "short"),
    ];
    return { files, total: 15 * 250_000 + 5 };
  };
  const readAll = async (pieces: AsyncIterable<Piece>, onPiece?: () => void) => {
    for await (const _ of pieces) onPiece?.();
  };

  it("tells how many bytes of its files are read, in every reading", async () => {
    const { files, total } = await megabytes();
    let told: [number, number | undefined][] = [];
    const onProgress = (done: number, all?: number) => told.push([done, all]);
    const corpus = await openCorpus({ files, seed: 1, onProgress });
    for (const read of [
      async () => {},
      () => readAll(corpus.train({ onProgress })),
      () => readAll(corpus.all({ onProgress })),
    ]) {
      await read();
      expect(told.length).toBeGreaterThan(1);
      expect(told.at(-1)).toEqual([total, total]);
      expect(told.every(([done], i) => i === 0 || done > told[i - 1][0])).toBe(true);
      told = [];
    }
    await readAll(corpus.all());
    expect(told).toEqual([]);
  });

  it("stops within a chunk, with the signal's reason", async () => {
    const { files, total } = await megabytes();
    const reason = new Error("enough");
    const stopping = () => {
      const control = new AbortController();
      let last = 0;
      const onProgress = (done: number) => {
        last = done;
        control.abort(reason);
      };
      return { watching: { signal: control.signal, onProgress }, last: () => last };
    };
    const opening = stopping();
    await expect(openCorpus({ files, seed: 1, ...opening.watching })).rejects.toBe(reason);
    expect(opening.last()).toBeLessThan(total / 2);
    const corpus = await openCorpus({ files, seed: 1 });
    const reading = stopping();
    await expect(readAll(corpus.all(reading.watching))).rejects.toBe(reason);
    expect(reading.last()).toBeLessThan(total / 2);
    const before = { signal: AbortSignal.abort(reason) };
    await expect(openCorpus({ files, seed: 1, ...before })).rejects.toBe(reason);
    await expect(readAll(corpus.validation(before))).rejects.toBe(reason);
  });
});

describe("what a corpus refuses", () => {
  it("fractions outside [0, 1) and a corpus without text", async () => {
    const files = await put("fine.txt", "fine");
    for (const validationFraction of [-0.1, 1, Number.NaN]) {
      await expect(openCorpus({ files, seed: 0, validationFraction })).rejects.toThrow(DataError);
    }
    const blank = await put("blank.jsonl", '{"text":""}\n{"text":null}');
    await expect(openCorpus({ files: blank, seed: 0 })).rejects.toThrow(/no text[\s\S]*2 empty/);
  });

  it("a file that changes between two readings", async () => {
    const files = await put("changing.txt", "one thing");
    const corpus = await openCorpus({ files, seed: 0 });
    await fs.writeFile(files, "another thing");
    await expect(textsOf(corpus.all())).rejects.toThrow(
      /changed[\s\S]*changing\.txt: 9 bytes[\s\S]*13 bytes/,
    );
    await fs.rm(files);
    await expect(textsOf(corpus.all())).rejects.toThrow(/gone/);
  });
});
