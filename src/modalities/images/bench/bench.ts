import type { Bench } from "../../../bench/bench.js";
import { benchNetworks, networkTraining } from "./networks.js";

/** What the benchmark measures of images: the training of networks. */
export const bench: Bench = { workloads: benchNetworks.map(networkTraining), sections: [] };
