import { describe, expect, it } from "vitest";
import { input } from "../../core/graph/tensor.js";
import { gemm } from "../../core/ops/matmul.js";
import { logSoftmax } from "../../core/ops/normalise.js";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../../core/runtime/session.js";
import type { EncoderDecoder } from "../../models/encoder-decoder.js";
import { t5 } from "../../models/t5.js";
import { inputsFor } from "../../nn/parameter.js";
import { feedsOf, type Weights } from "../../nn/weights.js";
import { compileTranslator, type TranslatorOptions } from "./translator-session.js";

const quiet = { threads: 1, spin: false };
const VOCABULARY = 40;
const model = t5({
  vocabSize: VOCABULARY,
  width: 32,
  numLayers: 1,
  numDecoderLayers: 2,
  numHeads: 4,
  hiddenWidth: 48,
  maxDistance: 20,
});
const weights = drawnWeights(model);
const sources = [
  [5, 6, 7, 1],
  [9, 1],
  [30, 31, 32, 33, 34, 35, 1],
];

function drawnWeights({ parameters }: EncoderDecoder): Weights {
  return new Map(
    parameters.map(({ name, shape }) => {
      const random = randomStream(1, name);
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => 0.3 * random.normal()) }];
    }),
  );
}

/** Log-probabilities [v] of what follows the tokens `written` of one sentence, by the graph that training uses. */
async function fullForward(longest: number) {
  const p = inputsFor(model.parameters);
  const ids = input<"b s">("ids", "int64", [1, "s"]);
  const valid = input<"b s">("valid", "float32", [1, "s"]);
  const inputs = input<"b t">("inputs", "int64", [1, longest]);
  const hidden = model.decodeAll(p, model.encode(p, { ids, valid }), { valid }, inputs);
  const all = logSoftmax(gemm(hidden, model.head(p), { transB: true }));
  const session = await compile(nodeRuntime, { all }, quiet);
  return async (source: readonly number[], written: readonly number[]) => {
    const padded = new Int32Array(longest);
    padded.set(written);
    const outputs = await session.run({
      ...feedsOf(session, weights),
      ids: int64Tensor(Int32Array.from(source), [1, source.length]),
      valid: hostTensor("float32", [1, source.length], new Float32Array(source.length).fill(1)),
      inputs: int64Tensor(padded, [1, longest]),
    });
    const data = outputs.all.data as Float32Array;
    return data.subarray((written.length - 1) * VOCABULARY, written.length * VOCABULARY);
  };
}

/** Writes drawn tokens to beams that go on from drawn ones; how far the last predictions are from the full forward's. */
async function largestDifference(options: TranslatorOptions, steps: number, beams: number): Promise<number> {
  const session = await compileTranslator(nodeRuntime, model, weights, { ...quiet, ...options });
  const decoding = await session.encode(sources, beams);
  const full = await fullForward(steps);
  const random = randomStream(3, "beams");
  const open = sources.map((source) => ({
    source,
    texts: Array.from({ length: beams }, (): number[] => []),
  }));
  let most = 0;
  for (let step = 0; step < steps; step++) {
    const ids = Int32Array.from({ length: open.length * beams }, () => random.integer(VOCABULARY));
    const parents = ids.map(() => random.integer(beams));
    const { next } = await decoding.step(ids, parents);
    for (const [row, one] of open.entries()) {
      const at = (beam: number) => row * beams + beam;
      one.texts = one.texts.map((_, beam) => [...one.texts[parents[at(beam)]], ids[at(beam)]]);
      if (step < steps - 1) continue;
      for (const [beam, text] of one.texts.entries()) {
        const expected = await full(one.source, text);
        const written = next.subarray(at(beam) * VOCABULARY, (at(beam) + 1) * VOCABULARY);
        for (const [i, value] of expected.entries()) most = Math.max(most, Math.abs(value - written[i]));
      }
    }
    if (step === 2) {
      decoding.remove(0);
      open[0] = open.pop()!;
    }
  }
  await session.release();
  return most;
}

describe("a translator's session", () => {
  it("predicts for every beam what the full forward does, also when a sentence has left", async () => {
    // float32 sums in another order; log-probabilities of some units. The cache grows past its first room.
    expect(await largestDifference({}, 16, 5)).toBeLessThan(1e-4);
  });

  it("tells the likeliest tokens of every beam", async () => {
    const session = await compileTranslator(nodeRuntime, model, weights, quiet);
    const decoding = await session.encode(sources, 2);
    const { next, likeliest } = await decoding.step(new Int32Array(6).fill(4), new Int32Array(6));
    const expected = Array.from({ length: 6 }, (_, beam) => {
      const own = next.subarray(beam * VOCABULARY, (beam + 1) * VOCABULARY);
      return [...own.keys()].sort((a, b) => own[b] - own[a]).slice(0, 12);
    });
    expect([...likeliest]).toEqual(expected.flat());
    await session.release();
  });

  it("reads weights where they lie when they are live", async () => {
    expect(await largestDifference({ live: true }, 2, 2)).toBeLessThan(1e-4);
  });

  it("rounds with weights in int8", async () => {
    const difference = await largestDifference({ weights: "int8" }, 2, 2);
    expect(difference).toBeGreaterThan(1e-4);
    expect(difference).toBeLessThan(0.2); // codes of 8 bits through three layers
  });
});
