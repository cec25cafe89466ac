import { describe, expect, it } from "vitest";
import { randomWeights } from "../../test/random-weights.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { llama } from "../models/llama.js";
import { compileDecoder, type DecoderSession } from "./decoder-session.js";

const quiet = { threads: 1, spin: false };

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
    const weights = randomWeights(model, { seed: 1, deviation: 0.4 });
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

  it("keeps the weights as they were, unless they are live", async () => {
    // Large enough for matrices and embedding to be handed over apart from the graph.
    const sizes = { vocabSize: 4200, contextLength: 8, numLayers: 1, numHeads: 4, kvHeads: 2, width: 64 };
    const model = llama({ ...sizes, hiddenWidth: 4200 });
    const weights = randomWeights(model, { seed: 1, deviation: 0.05 });
    const kept = await compileDecoder(nodeRuntime, model, weights, quiet);
    const live = await compileDecoder(nodeRuntime, model, weights, { ...quiet, live: true });
    const logits = async (session: DecoderSession) => session.read(session.cache(1), 0, [5, 4100, 7]);
    const [before, same] = [await logits(kept), await logits(live)];
    const difference = before.map((v, i) => Math.abs(v - same[i]));
    expect(Math.max(...difference)).toBeLessThan(1e-4); // sums in another order
    for (const { data } of weights.values()) data.fill(0);
    expect(await logits(kept)).toEqual(before);
    expect((await logits(live)).every((v) => v === 0)).toBe(true);
  });
});
