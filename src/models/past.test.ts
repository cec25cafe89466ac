import { describe, expect, it } from "vitest";
import { expectRowsApart, fullForward, largestDifference } from "../../test/parity/full-forward.js";
import { randomWeights } from "../../test/random-weights.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compileDecoder } from "../generation/decoder-session.js";
import { fitsInPlace } from "../nn/attention-in-place.js";
import type { Decoder } from "./decoder.js";
import { gemma3 } from "./gemma3.js";
import { gpt2 } from "./gpt2.js";
import { llama } from "./llama.js";

const sizes = { vocabSize: 30, contextLength: 100, numLayers: 2, numHeads: 4 };
const grouped = { ...sizes, kvHeads: 2, hiddenWidth: 20 };

/** Heads of 8 are attended to in place, those of 6 beside the past. */
const decoders: readonly (readonly [string, Decoder, inPlace: boolean])[] = [
  ["gpt2", gpt2({ ...sizes, width: 32 }), true],
  ["llama", llama({ ...grouped, width: 32 }), true],
  ["qwen3", llama({ ...grouped, width: 24, headWidth: 8, qkNorm: true }), true],
  ["gemma3 with a window", gemma3({ ...grouped, width: 24, headWidth: 8, slidingWindow: 3 }), true],
  ["llama", llama({ ...grouped, width: 24 }), false],
  ["gemma3 with a window", gemma3({ ...grouped, width: 24, headWidth: 6, slidingWindow: 3 }), false],
];

/** Its heads' keys and values do not fit one piece of the kernel's. */
const wide = gemma3({
  ...{ vocabSize: 30, contextLength: 700, numLayers: 2, numHeads: 2, kvHeads: 1, hiddenWidth: 20 },
  ...{ width: 24, headWidth: 256, slidingWindow: 130, globalLayers: [1] },
});

const text = Array.from({ length: 80 }, (_, i) => (i * 11 + (i >> 2)) % 30);

it("sees windows and the whole of a longer text with wide heads", async () => {
  const weights = randomWeights(wide, { seed: 3, deviation: 0.3 });
  const ids = Array.from({ length: 620 }, (_, i) => (i * 11 + (i >> 2)) % 30);
  const full = await fullForward(wide, weights, ids);
  const session = await compileDecoder(nodeRuntime, wide, weights);
  const cache = session.cache(1);
  const last = (length: number) => full.subarray((length - 1) * 30, length * 30);
  expect(largestDifference(await session.read(cache, 0, ids.slice(0, 615)), last(615))).toBeLessThan(1e-4);
  for (const [i, id] of ids.slice(615).entries())
    expect(largestDifference(await session.step(cache, [id]), last(616 + i))).toBeLessThan(1e-4);
});

describe.each(decoders)("%s, read piece by piece", (_, model, inPlace) => {
  const weights = randomWeights(model, { seed: 3, deviation: 0.3 });

  it("says what it says of the whole", async () => {
    expect(fitsInPlace(model.headWidth)).toBe(inPlace);
    const full = await fullForward(model, weights, text);
    const session = await compileDecoder(nodeRuntime, model, weights);
    const cache = session.cache(1);
    let read = 0;
    // 70 is beyond the room that a cache begins with.
    for (const upTo of [9, 10, 17, 70, 71, 80]) {
      const logits = await session.readAll(cache, 0, text.slice(read, upTo));
      const rows = full.subarray(read * model.vocabSize, upTo * model.vocabSize);
      expect(largestDifference(logits, rows), `tokens ${read} to ${upTo}`).toBeLessThan(1e-4);
      read = upTo;
    }
    expect(cache.length(0)).toBe(80);
  });

  it("reads texts of several lengths beside one another", () =>
    expectRowsApart(model, weights, [text.slice(0, 70), [4], text.slice(5, 12)]));
});
