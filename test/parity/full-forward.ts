import { expect } from "vitest";
import { input } from "../../src/core/graph/tensor.js";
import { matmul, swapLast } from "../../src/core/ops/matmul.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../../src/core/runtime/session.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { argmax } from "../../src/generation/sampling.js";
import type { Decoder } from "../../src/models/decoder.js";
import { lookUp } from "../../src/nn/parameter.js";
import type { Weights } from "../../src/nn/weights.js";

/** Logits [t, v] of one text by the graph that training uses. */
export async function fullForward(
  model: Decoder,
  weights: Weights,
  ids: readonly number[],
): Promise<Float32Array> {
  const p = lookUp(new Map(model.parameters.map((q) => [q.name, input(q.name, "float32", q.shape)])));
  const hidden = model.hidden(p, input<"b t">("ids", "int64", [1, ids.length]));
  const session = await compile(nodeRuntime, { logits: matmul(hidden, swapLast(model.head(p))) });
  const feeds = [...weights].map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)]);
  const run = { ...Object.fromEntries(feeds), ids: int64Tensor(Int32Array.from(ids), [1, ids.length]) };
  return (await session.run(run)).logits.data as Float32Array;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

/** The likeliest tokens after a prompt, one after another, through the cache. */
export async function greedyTokens(
  model: Decoder,
  weights: Weights,
  prompt: readonly number[],
  count: number,
): Promise<number[]> {
  const session = await compileDecoder(nodeRuntime, model, weights);
  const cache = session.cache(1);
  const written: number[] = [];
  let logits = await session.read(cache, 0, prompt);
  while (written.length < count) {
    written.push(argmax(logits));
    if (written.length < count) logits = await session.step(cache, written.slice(-1));
  }
  return written;
}

/** Cached decoding, `first` tokens at once and then each alone, gives what the full forward gives. */
export async function expectCachedEqualsFull(
  model: Decoder,
  weights: Weights,
  ids: readonly number[],
  first: number,
): Promise<void> {
  const full = await fullForward(model, weights, ids);
  const session = await compileDecoder(nodeRuntime, model, weights);
  const cache = session.cache(1);
  let logits = await session.read(cache, 0, ids.slice(0, first));
  for (let t = first; ; t++) {
    const row = full.subarray((t - 1) * model.vocabSize, t * model.vocabSize);
    expect(largestDifference(logits, row), `position ${t - 1}`).toBeLessThan(1e-4);
    if (t === ids.length) break;
    logits = await session.step(cache, [ids[t]]);
  }
}

/** Texts of different lengths beside one another in a cache are each as if alone. */
export async function expectRowsApart(
  model: Decoder,
  weights: Weights,
  texts: readonly (readonly number[])[],
): Promise<void> {
  const session = await compileDecoder(nodeRuntime, model, weights);
  const cache = session.cache(texts.length);
  for (const [i, text] of texts.entries()) await session.read(cache, i, text);
  const logits = await session.step(
    cache,
    texts.map((_, i) => i + 1),
  );
  for (const [i, text] of texts.entries()) {
    const full = await fullForward(model, weights, [...text, i + 1]);
    const row = (all: Float32Array, t: number) =>
      all.subarray(t * model.vocabSize, (t + 1) * model.vocabSize);
    expect(largestDifference(row(logits, i), row(full, text.length))).toBeLessThan(1e-4);
  }
}
