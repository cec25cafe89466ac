import { benchDecoders, decoderTraining } from "./decoders.js";

export const bench = { workloads: benchDecoders.map(decoderTraining), sections: [] };
