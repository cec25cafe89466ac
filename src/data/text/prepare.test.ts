import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { trainingBatch } from "./batches.js";
import { type Corpus, openCorpus } from "./corpus.js";
import { prepareTokens } from "./prepare.js";

const root = await fs.mkdtemp(join(tmpdir(), "prepare-"));
afterAll(() => fs.rm(root, { recursive: true }));

describe("prepareTokens", () => {
  let corpus: Corpus;
  let folder: Folder;
  let encoded: number;
  let count = 0;
  const bytes = (text: string) => {
    encoded += text.length;
    return Buffer.from(text);
  };

  beforeEach(async () => {
    encoded = 0;
    const file = join(root, `corpus-${count}.txt`);
    await fs.writeFile(file, "0123456789".repeat(100));
    corpus = await openCorpus({ files: file, seed: 1 });
    folder = openFolder(join(root, `shards-${count++}`));
  });

  const prepare = (encode = bytes, vocabSize = 256) => prepareTokens({ corpus, encode, vocabSize, folder });

  it("writes both splits and reads batches from them", async () => {
    const { train, validation } = await prepare();
    expect([train.tokenCount, validation.tokenCount]).toEqual([900, 100]);
    expect([train.byteCount, validation.byteCount]).toEqual([900, 100]);
    const batch = await trainingBatch(train, { seed: 0, step: 0, batchSize: 2, contextLength: 8 });
    const next = (token: number) => (token === 57 ? 48 : token + 1);
    expect([...batch.targets]).toEqual([...batch.inputs].map(next));
  });

  it("uses complete shards of the same corpus and tokenizer again", async () => {
    await prepare();
    encoded = 0;
    await prepare();
    expect(encoded).toBe(900); // the probe of the tokenizer alone, not the validation split
  });

  it("writes anew when one split is missing or damaged, the tokenizer or the corpus is another", async () => {
    await prepare();
    await folder.remove("validation/index.json");
    expect((await prepare()).validation.tokenCount).toBe(100);
    await folder.write("train/tokens-00000.bin", "damaged");
    expect((await prepare()).train.tokenCount).toBe(900);
    const shifted = (text: string) => Buffer.from(text).map((byte) => byte + 1);
    const { validation } = await prepare(shifted as typeof bytes);
    const target = new Int32Array(1);
    await validation.read(0, target);
    expect([...target]).toEqual([49]);
    expect((await prepare(bytes, 300)).train.vocabSize).toBe(300);
    await fs.writeFile(join(root, "other.txt"), "another text");
    corpus = await openCorpus({ files: join(root, "other.txt"), seed: 1 });
    expect((await prepare()).train.tokenCount).toBe(10);
  });

  it("tells the bytes that both splits read, and stopped leaves nothing half-written", async () => {
    const told: (number | undefined)[][] = [];
    const onProgress = (done: number, total?: number) => told.push([done, total]);
    const watched = (more: object) =>
      prepareTokens({ corpus, encode: bytes, vocabSize: 256, folder, ...more });
    await watched({ onProgress });
    expect(told).toEqual([1000, 2000].map((done) => [done, 2000]));

    const reason = new Error("enough");
    await folder.remove("train");
    await folder.remove("validation");
    const control = new AbortController();
    const stopAt = (wanted: number) => (done: number) => done === wanted && control.abort(reason);
    const stopped = watched({ signal: control.signal, onProgress: stopAt(2000) });
    await expect(stopped).rejects.toBe(reason);
    expect(await folder.list("validation")).toEqual([]);
    expect((await folder.list("train")).length).toBe(2); // whole, and used again:
    encoded = 0;
    expect((await prepare()).validation.tokenCount).toBe(100);
    expect(encoded).toBe(900 + 100);
  });
});
