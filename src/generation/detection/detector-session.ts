/** What a compiled detector says of images. */
import { input } from "../../core/graph/tensor.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { Detector } from "../../models/detector.js";
import { inputsFor } from "../../nn/parameter.js";
import type { Weights } from "../../nn/weights.js";
import type { CellMaps } from "./decode.js";

/** A detector that runs on batches of any size. */
export interface DetectorSession {
  /** The maps of each of images [b, c, h, w], flat, with values from -1 to 1. */
  maps(images: Float32Array): Promise<CellMaps[]>;
  /** Frees what was compiled. */
  release(): Promise<void>;
}

/** Compiles a detector for batches of any size. */
export async function compileDetector(
  runtime: Runtime,
  model: Detector,
  weights: Weights,
  options?: SessionOptions,
): Promise<DetectorSession> {
  const { channels, height, width } = model;
  const images = input<"b c h w">("images", "float32", ["b", channels, height, width]);
  const outputs = { ...model.maps(inputsFor(model.parameters), images) };
  const session = await compile(runtime, outputs, options, weights);
  return {
    async maps(flat) {
      const batch = flat.length / (channels * height * width);
      const feed = hostTensor("float32", [batch, channels, height, width], flat);
      const found = await session.run({ images: feed });
      const part = (name: keyof CellMaps, image: number) => {
        const values = found[name].data as Float32Array;
        const size = values.length / batch;
        return values.subarray(image * size, (image + 1) * size);
      };
      return Array.from({ length: batch }, (_, i) => ({
        classes: part("classes", i),
        distances: part("distances", i),
        quality: part("quality", i),
      }));
    },
    release: () => session.release(),
  };
}
