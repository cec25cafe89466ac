import type { Bench } from "../../../bench/bench.js";
import { benchDecoders, decoderTraining, servedDecoders } from "./decoders.js";

/** What the benchmark measures of text: training, the tokenizer, writing and serving. */
export const bench: Bench = {
  workloads: benchDecoders.map(decoderTraining),
  sections: [
    {
      parts: [{ name: "tokenizer" }],
      measure: async (_, around) => (await import("./tokenizer.js")).reportTokenizer(around),
    },
    {
      parts: [{ name: "decoding" }],
      measure: async (_, around) => (await import("./decoding-report.js")).reportDecoding(around),
    },
    {
      parts: servedDecoders,
      unmeasured: { serving: [] },
      measure: async (names, around) => (await import("./serving-report.js")).reportServing(names, around),
    },
  ],
};
