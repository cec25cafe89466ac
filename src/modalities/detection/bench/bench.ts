import type { Bench } from "../../../bench/bench.js";
import { benchDetectors, detectorTraining } from "./detectors.js";

/** What the benchmark measures of detection: the training of detectors. */
export const bench: Bench = { workloads: benchDetectors.map(detectorTraining), sections: [] };
