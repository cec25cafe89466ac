import { beforeAll, describe, expect, it } from "vitest";
import { input } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../core/runtime/session.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { lookUp } from "../nn/parameter.js";
import { compileEmbedder, type Embedder } from "./embedder.js";
import { GenerationError } from "./errors.js";

const sizes = { vocabSize: 40, contextLength: 300, numLayers: 2, numHeads: 4, width: 16 };
const quiet = { threads: 1, spin: false };

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 2, hiddenWidth: 24, qkNorm: true })],
  ["gemma3", gemma3({ ...sizes, hiddenWidth: 24, slidingWindow: 3, globalLayers: [1] })],
])("an embedder of %s", (_, model) => {
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(4, name);
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => stream.normal() * 0.4) }];
    }),
  );
  const ids = Int32Array.from({ length: 300 }, (_, i) => (i * 7 + (i % 11) * 3) % 40);
  let embedder: Embedder;
  beforeAll(async () => {
    embedder = await compileEmbedder(nodeRuntime, model, weights, quiet);
  });

  /** The mean of what the graph for training computes. */
  async function expected(length: number): Promise<Float32Array> {
    const inputs = model.parameters.map(({ name, shape }) => [name, input(name, "float32", shape)] as const);
    const hidden = model.hidden(lookUp(new Map(inputs)), input("ids", "int64", [1, length]));
    const session = await compile(nodeRuntime, { hidden }, quiet);
    const feeds = [...weights].map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)]);
    const read = Object.fromEntries(feeds.filter(([name]) => session.graph.inputs.has(name as string)));
    const result = await session.run({ ...read, ids: int64Tensor(ids.slice(0, length), [1, length]) });
    await session.release();
    const [rows, width] = result.hidden.shape;
    const data = result.hidden.data as Float32Array;
    return Float32Array.from({ length: width }, (_, c) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += data[row * width + c];
      return sum / rows;
    });
  }

  it.each([1, 2, 127, 128, 129, 300])(
    "is the mean of the training graph's hidden states: %i tokens",
    async (n) => {
      const [ours, theirs] = [await embedder.embed(ids.subarray(0, n)), await expected(n)];
      expect(ours.length).toBe(sizes.width);
      expect(Math.max(...theirs.map(Math.abs))).toBeGreaterThan(0.1);
      const difference = Math.max(...ours.map((v, i) => Math.abs(v - theirs[i])));
      expect(difference).toBeLessThan(1e-5); // float32 sums in another order
    },
  );

  it("refuses what has no embedding, and goes on", async () => {
    await expect(embedder.embed(new Int32Array())).rejects.toThrow(GenerationError);
    await expect(embedder.embed(new Int32Array(301))).rejects.toThrow(/301 tokens, of at most 300/);
    const reason = new Error("enough");
    await expect(embedder.embed(ids, AbortSignal.abort(reason))).rejects.toThrow(reason);
    const control = new AbortController();
    const embedding = embedder.embed(ids, control.signal); // its first chunk is on its way
    control.abort(reason);
    await expect(embedding).rejects.toThrow(reason);
    expect((await embedder.embed(ids)).every(Number.isFinite)).toBe(true);
  });
});
