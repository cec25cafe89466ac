/** Cached decoding against the full forward, and greedy continuations against PyTorch. See make_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decoderFromConfig } from "../../src/interop/model-config.js";
import type { Decoder } from "../../src/models/decoder.js";
import type { Weights } from "../../src/nn/weights.js";
import { expectCachedEqualsFull, expectRowsApart, greedyTokens } from "./full-forward.js";

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

describe.each(["gpt2", "llama", "qwen3"])("%s", (name) => {
  const { golden, model, weights } = read(name);

  it.each([1, 5])("cached decoding equals the full forward, %i tokens first", (first) =>
    expectCachedEqualsFull(model, weights, golden.inputIds[0], first),
  );

  it("rows of different lengths equal the full forward of each", () =>
    expectRowsApart(
      model,
      weights,
      golden.inputIds.map((text, i) => text.slice(0, 3 + 4 * i)),
    ));

  it("continues greedily as PyTorch does", async () => {
    const { prompt, continuation } = golden.greedy;
    expect(await greedyTokens(model, weights, prompt, continuation.length)).toEqual(continuation);
  });
});
