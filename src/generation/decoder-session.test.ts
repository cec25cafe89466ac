import { describe, expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { llama } from "../models/llama.js";
import { compileDecoder } from "./decoder-session.js";

describe("a decoder session", () => {
  it("reads a text longer than a chunk as if it came token by token", async () => {
    const model = llama({
      vocabSize: 40,
      contextLength: 400,
      numLayers: 1,
      numHeads: 4,
      kvHeads: 2,
      width: 16,
      hiddenWidth: 20,
    });
    const weights = new Map(
      model.parameters.map(({ name, shape }) => {
        const stream = randomStream(1, name);
        const length = shape.reduce((a, b) => a * b, 1);
        return [name, { shape, data: Float32Array.from({ length }, () => stream.normal() * 0.4) }];
      }),
    );
    const session = await compileDecoder(nodeRuntime, model, weights);
    const ids = Array.from({ length: 300 }, (_, i) => (i * 7) % 40);
    const [whole, single] = [session.cache(1), session.cache(1)];
    const expected = await session.read(whole, 0, ids);
    let logits = new Float32Array();
    for (const id of ids) logits = new Float32Array(await session.step(single, [id]));
    const difference = expected.map((v, i) => Math.abs(v - logits[i]));
    expect(Math.max(...difference)).toBeLessThan(1e-4);
    expect(whole.length(0)).toBe(300);
  });
});
