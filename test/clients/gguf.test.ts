/** llama.cpp, as node-llama-cpp ships it, predicts from the files that we write what we predict. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel, type Token } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromHalf, toHalf } from "../../src/core/graph/dtype.js";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { trainBpe } from "../../src/features/tokenizer/bpe-trainer.js";
import { openFolder } from "../../src/files/disk.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { generate } from "../../src/generation/generate.js";
import { exportGguf } from "../../src/interop/gguf/export.js";
import type { GgufType } from "../../src/interop/gguf/tensor-types.js";
import type { NamedArray } from "../../src/interop/safetensors.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gemma3 } from "../../src/models/gemma3.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { llama } from "../../src/models/llama.js";

const sentences = [
  "It's 7 o'clock; they've said we'll leave at 12:30, haven't they?",
  "The old man and the sea: the boat, the whale and the captain.",
  "Numbers such as 3.14159, 2024 and 1000000 are cut into digits or not.",
  "世界 is world, 你好 is hello, and café has an accent.",
].join("\n");
const specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const bpe = await trainBpe(sentences.repeat(3), { vocabSize: 380, specialTokens });

/** More rows than tokens, as many published models have. */
const vocabSize = bpe.vocabSize + 4;
const sizes = { vocabSize, contextLength: 64, numLayers: 2, numHeads: 4, width: 64 };
const family = { ...sizes, kvHeads: 2, hiddenWidth: 96, ropeTheta: 500 };
const slower = {
  kind: "llama3",
  factor: 8,
  lowFrequency: 1,
  highFrequency: 4,
  originalContextLength: 16,
} as const;
/** The seeds are such that no greedy choice is a close one. */
const models = {
  gpt2: { model: gpt2(sizes), seed: 11 },
  llama: { model: llama({ ...family, rmsNormEpsilon: 1e-5 }), seed: 7 },
  qwen3: { model: llama({ ...family, headWidth: 32, qkNorm: true, tiedHead: true }), seed: 10 },
  llama3: { model: llama({ ...family, rmsNormEpsilon: 1e-5, ropeScaling: slower }), seed: 7 },
  qwen2: { model: llama({ ...family, qkvBias: true, tiedHead: true }), seed: 166 },
  smollm3: { model: llama({ ...family, numLayers: 5, noRopeLayers: [3], tiedHead: true }), seed: 105 },
  gemma3: {
    model: gemma3({
      ...{ ...family, numLayers: 7, headWidth: 32, slidingWindow: 8 },
      ropeScaling: { kind: "linear", factor: 8 },
    }),
    seed: 2,
  },
};
const prompts = ["It's 7 o'clock", "The sea: 世界\n", "<|im_start|>user\nHello"];
const maxTokens = 24;

let place: string;
let client: Llama;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "autodidact-gguf-"));
  client = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
});

afterAll(async () => {
  await client?.dispose();
  rmSync(place, { recursive: true, force: true });
}, 60_000);

/** Large enough that logits lie apart. The rows of no token are zero, so that none is chosen. */
function randomWeights({ model, seed }: { model: Decoder; seed: number }): Map<string, NamedArray> {
  const isGemma = model.huggingFaceConfig().model_type === "gemma3_text";
  // Its norms multiply by 1 + w; those after a sub-layer are large, or each token would be followed by itself.
  const centreOf = (name: string) => (isGemma ? (name.includes(".post_") ? 2 : 0) : 1);
  return new Map(
    model.parameters.map(({ name, shape, role }) => {
      const stream = randomStream(seed, name);
      const length = shape.reduce((a, b) => a * b, 1);
      const centre = role === "vector" && name.endsWith("weight") ? centreOf(name) : 0;
      const data = Float32Array.from({ length }, () => centre + 0.3 * stream.normal());
      if (shape[0] === vocabSize) data.fill(0, bpe.vocabSize * shape[1]);
      return [name, { shape, data }];
    }),
  );
}

/** The weights as a file of this type keeps them: blocks of 32 run along the inputs of a layer. */
function rounded(model: Decoder, weights: Map<string, NamedArray>, type: GgufType): Map<string, NamedArray> {
  const round = { F32: (row: Float32Array) => row, F16: halves, Q8_0: bytes }[type];
  return new Map(
    model.parameters.map(({ name, inputAxis }) => {
      const { shape, data } = weights.get(name)!;
      if (shape.length === 1 || name.endsWith("wpe.weight")) return [name, { shape, data }];
      const [rows, columns] = inputAxis === 0 ? shape.toReversed() : shape;
      const at = (row: number, i: number) => (inputAxis === 0 ? i * rows + row : row * columns + i);
      const result = new Float32Array(data.length);
      for (let row = 0; row < rows; row++) {
        const exact = Float32Array.from({ length: columns }, (_, i) => data[at(row, i)]);
        for (const [i, value] of round(exact).entries()) result[at(row, i)] = value;
      }
      return [name, { shape, data: result }];
    }),
  );
}

const halves = (row: Float32Array) => row.map((value) => fromHalf(toHalf(value)));

function bytes(row: Float32Array): Float32Array {
  return row.map((value, i) => {
    const block = row.subarray(i - (i % 32), i - (i % 32) + 32);
    const scale = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
    return scale === 0 ? 0 : Math.round(value / scale) * fromHalf(toHalf(scale));
  });
}

async function loaded(name: string, kind: keyof typeof models, type: GgufType = "F32") {
  const { model } = models[kind];
  const saved = { model, weights: randomWeights(models[kind]), tokenizer: bpe };
  await exportGguf(openFolder(place), name, saved, { type });
  return client.loadModel({ modelPath: join(place, `${name}.gguf`), gpuLayers: 0 });
}

/** A context that keeps keys and values exactly, so that only the weights are rounded. */
const contextOf = (model: LlamaModel) =>
  model.createContext({
    contextSize: 64,
    flashAttention: false,
    threads: 1,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });

async function theirGreedy(model: LlamaModel, prompt: string): Promise<number[]> {
  const context = await contextOf(model);
  const tokens: number[] = [];
  const evaluation = context
    .getSequence()
    .evaluate(model.tokenize(prompt, true), { temperature: 0, yieldEogToken: true });
  for await (const token of evaluation) if (tokens.push(token) === maxTokens) break;
  await context.dispose();
  return tokens;
}

async function ourGreedy(model: Decoder, weights: Map<string, NamedArray>): Promise<number[][]> {
  const session = await compileDecoder(nodeRuntime, model, weights);
  const results = await generate(session, bpe, { prompts, maxTokens, temperature: 0 });
  await session.release();
  return results.map(({ tokens }) => [...tokens]);
}

/** ln of the probability of each token after each of `ids`, by llama.cpp. */
async function theirPredictions(model: LlamaModel, ids: number[]): Promise<Float64Array[]> {
  const context = await contextOf(model);
  const options = { temperature: 1, topK: 0, topP: 1, minP: 0 };
  const outputs = await context
    .getSequence()
    .controlledEvaluate(ids.map((id) => [id as Token, { generateNext: { probabilities: true, options } }]));
  await context.dispose();
  return outputs.map((output) => {
    const row = new Float64Array(vocabSize).fill(Number.NEGATIVE_INFINITY);
    for (const [token, probability] of output!.next.probabilities!) row[token] = Math.log(probability);
    return row;
  });
}

async function ourPredictions(
  model: Decoder,
  weights: Map<string, NamedArray>,
  ids: number[],
): Promise<Float64Array[]> {
  const session = await compileDecoder(nodeRuntime, model, weights);
  const cache = session.cache(1);
  const rows: Float64Array[] = [];
  for (const id of ids) rows.push(logSoftmax(await session.read(cache, 0, [id])));
  await session.release();
  return rows;
}

function logSoftmax(logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits);
  const top = Math.max(...values);
  const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return values.map((value) => value - top - total);
}

describe.each(Object.keys(models) as (keyof typeof models)[])("a %s in llama.cpp", (kind) => {
  const { model } = models[kind];
  const weights = randomWeights(models[kind]);

  it("continues greedily with the tokens that we continue with", async () => {
    const theirs = await loaded(`${kind}-exact`, kind);
    const ours = await ourGreedy(model, weights);
    expect(ours.map(({ length }) => length)).toEqual([maxTokens, maxTokens, maxTokens]);
    expect(new Set(ours.flat()).size).toBeGreaterThan(20); // the model does not just repeat itself
    for (const [i, prompt] of prompts.entries()) {
      expect(await theirGreedy(theirs, prompt)).toEqual(ours[i]);
      const start = bpe.encode(prompt);
      const rows = await ourPredictions(model, weights, [...start, ...ours[i]]);
      expect(Math.min(...rows.slice(start.length - 1, -1).map(margin))).toBeGreaterThan(2 * bounds.F32);
    }
    await theirs.dispose();
  });

  // In 8 bits llama.cpp rounds activations too: what that does to weights so wild depends on the seed.
  const types: GgufType[] = ["gpt2", "llama", "qwen3"].includes(kind)
    ? ["F32", "F16", "Q8_0"]
    : ["F32", "F16"];
  it.each(types)("predicts from %s what we predict from it", async (type) => {
    const theirs = await loaded(`${kind}-${type}`, kind, type);
    const ids = [...bpe.encode(sentences)].slice(0, 60);
    const ours = await ourPredictions(model, rounded(model, weights, type), ids);
    const found = await theirPredictions(theirs, ids);
    await theirs.dispose();
    const differences = found.flatMap((row, i) => differencesOf(row, ours[i]));
    expect(Math.max(...differences)).toBeLessThan(bounds[type]);
    expect(mean(differences)).toBeLessThan(bounds[type] / 10);
    const clear = ours.flatMap((row, i) => (margin(row) > bounds[type] / 2 ? [i] : []));
    expect(clear.length).toBeGreaterThan(10);
    expect(clear.map((i) => likeliest(found[i]))).toEqual(clear.map((i) => likeliest(ours[i])));
  });
});

/**
 * Most that the logarithm of a probability may differ. llama.cpp looks GELU up in float16, rounds activations to
 * float16 where the weights are, and to 8 bits where the weights are. A wrong layout is off by 15.
 */
const bounds: Record<GgufType, number> = { F32: 0.01, F16: 0.2, Q8_0: 2 };

const likeliest = (row: Float64Array) => row.indexOf(Math.max(...row));
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** How far the likeliest token is before the second. */
function margin(row: Float64Array): number {
  const [first, second] = row.toSorted((a, b) => b - a);
  return first - second;
}

/** Over the tokens that are not hopeless: of others the client gives float32 probabilities near zero. */
const differencesOf = (theirs: Float64Array, ours: Float64Array) =>
  [...ours.entries()].flatMap(([id, value]) => (value > -8 ? [Math.abs(value - theirs[id])] : []));
