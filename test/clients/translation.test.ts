/** A translator that we export writes the same tokens in `@huggingface/transformers`. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { trainBpe } from "../../src/features/tokenizer/bpe-trainer.js";
import { translationTokens } from "../../src/features/tokenizer/translation-tokens.js";
import { openFolder } from "../../src/files/disk.js";
import { beamSearch } from "../../src/generation/translation/beam-search.js";
import { compileTranslator } from "../../src/generation/translation/translator-session.js";
import { exportTranslatorOnnx } from "../../src/interop/translator-onnx.js";
import { t5 } from "../../src/models/t5.js";
import type { Translations } from "./translation-process.js";

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "autodidact-translator-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const sentences = [
  "Two dogs play.",
  "A man in an orange hat stares at something.",
  "Yes",
  "People are fixing the roof of a house, and nobody looks up.",
  "Straße, café: 100 %",
  "The file <ph0> was not found in <ph1>.",
  "下雨了，带伞吧！",
  "Open the door of the red house.",
  "a  b\tc",
  "Snow?",
];
const tokenizer = await trainBpe(sentences.join("\n"), {
  vocabSize: 300,
  specialTokens: translationTokens(["en", "de"]),
});
const [pad, end] = ["<pad>", "</s>"].map((token) => tokenizer.tokenToId(token)!);
const { vocabSize } = tokenizer;
const sizes = { width: 32, numLayers: 2, numDecoderLayers: 2, numHeads: 4, hiddenWidth: 48 };
const model = t5({ ...sizes, vocabSize });
/** Large: the second choice is far behind. The end of text comes now and then. */
const weights = new Map(
  model.parameters.map(({ name, shape }) => {
    const stream = randomStream(2, name);
    const length = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length }, () => stream.normal());
    const row = [end * sizes.width, (end + 1) * sizes.width] as const;
    if (name === "shared.weight")
      data.set(
        data.subarray(...row).map((x) => 2 * x),
        row[0],
      );
    return [name, { shape, data }];
  }),
);
const maxTokens = 40;

/** Our greedy translation of a source, end of text included, and by how much the closest choice was won. */
async function ours(ids: readonly number[]): Promise<{ written: number[]; margin: number }> {
  const session = await compileTranslator(nodeRuntime, model, weights);
  const decoding = await session.encode([ids], 1);
  let margin = Number.POSITIVE_INFINITY;
  const watched = {
    ...{ vocabSize, beams: 1, remove: (row: number) => decoding.remove(row) },
    step: async (newest: Int32Array, parents: Int32Array) => {
      const predictions = await decoding.step(newest, parents);
      const [first, second] = predictions.next.toSorted().reverse();
      margin = Math.min(margin, first - second);
      return predictions;
    },
  };
  const ends = { startToken: pad, endOfText: end, lengthPenalty: 1 };
  const [[{ ids: found, isCut }]] = await beamSearch(watched, [{ maxTokens }], ends);
  await session.release();
  return { written: isCut ? [...found] : [...found, end], margin };
}

it("ten sentences get the same tokens, alone and in a batch", async () => {
  const folder = join(place, "translator");
  mkdirSync(folder);
  const tokens = { start: pad, end, pad };
  const saved = { model, weights, tokenizer, tokens, generation: { beams: 5 } };
  await exportTranslatorOnnx(openFolder(folder), saved);
  const texts = sentences.map((sentence, i) => `>>${i % 2 ? "en" : "de"}<<${sentence}`);
  const script = fileURLToPath(new URL("translation-process.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...["--import", "tsx", script],
    JSON.stringify({ folder, texts, maxTokens }),
  ]);
  const theirs = JSON.parse(stdout) as Translations;

  const special = new Set(tokenizer.specialTokens.values());
  const seen = new Set<string>();
  const lengths = new Set<number>();
  for (const [i, text] of texts.entries()) {
    const source = [...tokenizer.encode(text), end];
    expect(theirs.sources[i], text).toEqual(source);
    const { written, margin } = await ours(source);
    expect(margin, text).toBeGreaterThan(1e-3); // far beyond rounding
    expect(theirs.written[i], text).toEqual([pad, ...written]);
    const plain = tokenizer.decode(written.filter((id) => !special.has(id)));
    expect([theirs.texts[i], theirs.batch[i]], text).toEqual([plain, plain]);
    seen.add(plain);
    lengths.add(written.length);
  }
  expect(seen.size).toBe(10);
  expect(lengths.size).toBeGreaterThan(2); // so that rows of the batch end while others go on
});
