/** Beam search over a cache against Transformers' `generate`. See make_beam_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { beamSearch } from "../../src/generation/translation/beam-search.js";
import { compileTranslator } from "../../src/generation/translation/translator-session.js";
import { t5 } from "../../src/models/t5.js";

interface Golden {
  config: Record<string, number>;
  weights: Record<string, { shape: number[]; data: number[] }>;
  sources: number[][];
  maxTokens: number;
  cases: {
    beams: number;
    lengthPenalty: number;
    found: { ids: number[]; score: number | null }[][];
  }[];
}

const END = 1;
const golden: Golden = JSON.parse(readFileSync(new URL("goldens/beam-search.json", import.meta.url), "utf8"));
const { config } = golden;
const model = t5({
  vocabSize: config.vocab_size,
  width: config.d_model,
  numLayers: config.num_layers,
  numHeads: config.num_heads,
  hiddenWidth: config.d_ff,
  numBuckets: config.relative_attention_num_buckets,
  maxDistance: config.relative_attention_max_distance,
});
const weights = new Map(
  Object.entries(golden.weights).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float32Array.from(data) },
  ]),
);

describe("beam search in Transformers", async () => {
  const session = await compileTranslator(nodeRuntime, model, weights, { threads: 1, spin: false });

  it.each(golden.cases)("$beams beams, length penalty $lengthPenalty", async (one) => {
    const { beams, lengthPenalty } = one;
    const decoding = await session.encode(golden.sources, beams);
    const sought = golden.sources.map(() => ({ maxTokens: golden.maxTokens }));
    const found = await beamSearch(decoding, sought, { startToken: 0, endOfText: END, lengthPenalty });
    for (const [sentence, expected] of one.found.entries()) {
      const ids = found[sentence].map((hypothesis) => [
        ...hypothesis.ids,
        ...(hypothesis.isCut ? [] : [END]),
      ]);
      expect(ids).toEqual(expected.map((hypothesis) => hypothesis.ids));
      // Transformers sums in float32, and adds up products in another order.
      for (const [i, { score }] of expected.entries()) {
        if (score !== null) expect(Math.abs(found[sentence][i].score / score - 1)).toBeLessThan(1e-5);
      }
    }
  });
});
