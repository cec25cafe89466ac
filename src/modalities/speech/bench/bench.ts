import type { Bench } from "../../../bench/bench.js";
import { benchRecognisers, recogniserTraining } from "./recognisers.js";

/** What the benchmark measures of speech: the training of recognisers. */
export const bench: Bench = { workloads: benchRecognisers.map(recogniserTraining), sections: [] };
