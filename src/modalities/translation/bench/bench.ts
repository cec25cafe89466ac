import type { Bench } from "../../../bench/bench.js";
import { benchTranslators, translatorTraining } from "./translators.js";

/** What the benchmark measures of translation: the training of translators. */
export const bench: Bench = { workloads: benchTranslators.map(translatorTraining), sections: [] };
