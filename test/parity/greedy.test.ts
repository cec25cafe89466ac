/** Cached decoding against the full forward, and greedy continuations against PyTorch. See make_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { input } from "../../src/core/graph/tensor.js";
import { matmul, swapLast } from "../../src/core/ops/matmul.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../../src/core/runtime/session.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { argmax } from "../../src/generation/sampling.js";
import { decoderFromConfig } from "../../src/interop/model-config.js";
import type { Decoder } from "../../src/models/decoder.js";
import { lookUp } from "../../src/nn/parameter.js";
import type { Weights } from "../../src/nn/weights.js";

interface Golden {
  config: Record<string, unknown>;
  weights: Record<string, { shape: number[]; data: number[] }>;
  inputIds: number[][];
  greedy: { prompt: number[]; continuation: number[] };
}

function read(name: string): { golden: Golden; model: Decoder; weights: Weights } {
  const golden: Golden = JSON.parse(readFileSync(new URL(`goldens/${name}.json`, import.meta.url), "utf8"));
  const weights = new Map(
    Object.entries(golden.weights).map(([key, { shape, data }]) => [
      key,
      { shape, data: Float32Array.from(data) },
    ]),
  );
  return { golden, model: decoderFromConfig(golden.config, name), weights };
}

/** Logits [t, v] of one text by the graph that training uses. */
async function fullForward(model: Decoder, weights: Weights, ids: number[]): Promise<Float32Array> {
  const p = lookUp(new Map(model.parameters.map((q) => [q.name, input(q.name, "float32", q.shape)])));
  const hidden = model.hidden(p, input<"b t">("ids", "int64", [1, ids.length]));
  const session = await compile(nodeRuntime, { logits: matmul(hidden, swapLast(model.head(p))) });
  const feeds = [...weights].map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)]);
  const run = { ...Object.fromEntries(feeds), ids: int64Tensor(Int32Array.from(ids), [1, ids.length]) };
  return (await session.run(run)).logits.data as Float32Array;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

describe.each(["gpt2", "llama", "qwen3"])("%s", (name) => {
  const { golden, model, weights } = read(name);
  const [ids] = golden.inputIds;
  const row = (logits: Float32Array, t: number) =>
    logits.subarray(t * model.vocabSize, (t + 1) * model.vocabSize);

  it.each([1, 5])("cached decoding equals the full forward, %i tokens first", async (first) => {
    const full = await fullForward(model, weights, ids);
    const session = await compileDecoder(nodeRuntime, model, weights);
    const cache = session.cache(1);
    let logits = await session.read(cache, 0, ids.slice(0, first));
    for (let t = first; ; t++) {
      expect(largestDifference(logits, row(full, t - 1)), `position ${t - 1}`).toBeLessThan(1e-4);
      if (t === ids.length) break;
      logits = await session.step(cache, [ids[t]]);
    }
  });

  it("rows of different lengths equal the full forward of each", async () => {
    const session = await compileDecoder(nodeRuntime, model, weights);
    const texts = golden.inputIds.map((text, i) => text.slice(0, 3 + 4 * i));
    const cache = session.cache(texts.length);
    for (const [i, text] of texts.entries()) await session.read(cache, i, text);
    const logits = await session.step(cache, [1, 2]);
    for (const [i, text] of texts.entries()) {
      const full = await fullForward(model, weights, [...text, i + 1]);
      expect(largestDifference(row(logits, i), row(full, text.length))).toBeLessThan(1e-4);
    }
  });

  it("continues greedily as PyTorch does", async () => {
    const { prompt, continuation } = golden.greedy;
    const session = await compileDecoder(nodeRuntime, model, weights);
    const cache = session.cache(1);
    const written: number[] = [];
    let logits = await session.read(cache, 0, prompt);
    while (written.length < continuation.length) {
      written.push(argmax(logits));
      if (written.length < continuation.length) logits = await session.step(cache, written.slice(-1));
    }
    expect(written).toEqual(continuation);
  });
});
