import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bruteForce, wildWeights } from "../../test/brute-force.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { decoderFromConfig } from "../interop/model-config.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { EvaluationError } from "./errors.js";
import { compileScorer, type TokenPair } from "./log-likelihood.js";

const session = { threads: 1, spin: false };
const sizes = { vocabSize: 40, contextLength: 24, numLayers: 2, numHeads: 4, width: 16 };

function tokens(count: number, seed: number, vocabSize = sizes.vocabSize): Int32Array {
  const stream = randomStream(seed, "tokens");
  return Int32Array.from({ length: count }, () => stream.integer(vocabSize));
}

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 2, hiddenWidth: 24, qkNorm: true })],
  ["gemma3", gemma3({ ...sizes, hiddenWidth: 24, slidingWindow: 3, globalLayers: [1] })],
])("scoring with %s", (_, model) => {
  const weights = wildWeights(model);
  const scorer = compileScorer(nodeRuntime, model, weights, session);
  const reference = bruteForce(model, weights);

  it("finds token by token what the training graph finds, in any company", async () => {
    const predict = await reference;
    const lengths = [
      [1, 1],
      [3, 9],
      [23, 1],
      [1, 24],
      [12, 12],
      [5, 2],
    ];
    const pairs = lengths.map(([before, after], i) => ({
      context: tokens(before, i),
      continuation: tokens(after, 100 + i),
    }));
    const together = await (await scorer).scoreAll(pairs);
    for (const [i, { context, continuation }] of pairs.entries()) {
      const seen = [...context];
      const expected: number[] = [];
      for (const id of continuation) {
        expected.push((await predict(seen))[id]);
        seen.push(id);
      }
      // Float32 sums in another order, on log-probabilities of about -5.
      for (const [at, value] of expected.entries()) expect(together[i].perToken[at]).toBeCloseTo(value, 4);
      expect(together[i].logLikelihood).toBeCloseTo(
        expected.reduce((a, b) => a + b),
        3,
      );
      expect(together[i].isTruncated).toBe(false);
      const alone = await (await scorer).score(context, continuation);
      expect(alone.logLikelihood).toBeCloseTo(together[i].logLikelihood, 4);
    }
  });

  it("calls a continuation greedy when each token is the likeliest, and only then", async () => {
    const predict = await reference;
    const context = tokens(4, 7);
    const continuation: number[] = [];
    for (let i = 0; i < 6; i++) {
      const predicted = await predict([...context, ...continuation]);
      continuation.push(predicted.indexOf(Math.max(...predicted)));
    }
    const greedy = Int32Array.from(continuation);
    expect((await (await scorer).score(context, greedy)).isGreedy).toBe(true);
    const changed = greedy.with(3, (greedy[3] + 1) % sizes.vocabSize);
    expect((await (await scorer).score(context, changed)).isGreedy).toBe(false);
  });

  it("keeps the last contextLength + 1 tokens of what is longer", async () => {
    const [context, continuation] = [tokens(30, 8), tokens(5, 9)];
    const long = await (await scorer).score(context, continuation);
    const kept = await (await scorer).score(context.slice(-20), continuation);
    expect(long.isTruncated).toBe(true);
    expect(kept.isTruncated).toBe(false); // 20 + 5 = 24 + 1
    expect(long.perToken).toEqual(kept.perToken);
    const shorter = await (await scorer).score(context.slice(-19), continuation);
    expect(shorter.perToken).not.toEqual(kept.perToken);
  });

  it.each<[string, TokenPair, RegExp]>([
    ["no context", { context: tokens(0, 1), continuation: tokens(2, 1) }, /found: 0 tokens, then 2/],
    ["no continuation", { context: tokens(2, 1), continuation: tokens(0, 1) }, /found: 2 tokens, then 0/],
    ["one token too many", { context: tokens(1, 1), continuation: tokens(25, 1) }, /then 25.*context is 24/],
    [
      "an unknown token",
      { context: tokens(1, 1), continuation: Int32Array.of(3, 40), source: "a.jsonl:7" },
      /found: a\.jsonl:7: id 40, vocabulary of 40/,
    ],
  ])("refuses %s", async (_name, pair, message) => {
    await expect((await scorer).scoreAll([pair])).rejects.toThrow(EvaluationError);
    await expect((await scorer).scoreAll([pair])).rejects.toThrow(message);
  });

  it("says so when the weights predict nothing", async () => {
    const broken = new Map(
      [...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => Number.NaN) }]),
    );
    const bad = await compileScorer(nodeRuntime, model, broken, session);
    await expect(bad.score(tokens(2, 1), tokens(2, 2))).rejects.toThrow(/not finite/);
    await bad.release();
  });
});

/** Weights, tokens and logits of a small model, made with PyTorch: test/parity/make_goldens.py. */
interface Golden {
  config: Record<string, unknown>;
  weights: Record<string, { shape: number[]; data: number[] }>;
  inputIds: number[][];
  logits: { data: number[] };
}

it.each(["gpt2", "llama", "qwen3"])("agrees with PyTorch's logits of a small %s", async (name) => {
  const path = `test/parity/goldens/${name}.json`;
  const golden: Golden = JSON.parse(readFileSync(path, "utf8"));
  const model = decoderFromConfig(golden.config, path);
  const weights = new Map(
    Object.entries(golden.weights).map(([key, { shape, data }]) => [
      key,
      { shape, data: Float32Array.from(data) },
    ]),
  );
  const scorer = await compileScorer(nodeRuntime, model, weights, session);
  const scores = await scorer.scoreAll(
    golden.inputIds.map((ids) => ({
      context: Int32Array.from(ids.slice(0, 1)),
      continuation: Int32Array.from(ids.slice(1)),
    })),
  );
  for (const [row, ids] of golden.inputIds.entries()) {
    for (const [at, id] of ids.slice(1).entries()) {
      const start = (row * ids.length + at) * model.vocabSize;
      const logits = golden.logits.data.slice(start, start + model.vocabSize);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      expect(scores[row].perToken[at]).toBeCloseTo(logits[id] - Math.log(total), 4);
    }
  }
});

it("scores texts of several chunks, of which only the end counts, as the training graph does", async () => {
  const model = llama({ ...sizes, contextLength: 700, numLayers: 1, hiddenWidth: 20 });
  const weights = wildWeights(model);
  const scorer = await compileScorer(nodeRuntime, model, weights, session);
  const predict = await bruteForce(model, weights);
  const all = tokens(640, 5);
  const { perToken } = await scorer.score(all.subarray(0, 200), all.subarray(200));
  for (const at of [0, 55, 56, 57, 311, 312, 313, 439]) {
    const expected = (await predict([...all.subarray(0, 200 + at)]))[all[200 + at]];
    expect(perToken[at], `token ${at}`).toBeCloseTo(expected, 4);
  }
  const tail = await scorer.score(all.subarray(0, 600), all.subarray(600));
  expect(tail.perToken).toEqual(perToken.subarray(400));
});
