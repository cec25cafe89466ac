/** Telling classes apart with a compiled classifier. */
import { input } from "../../core/graph/tensor.js";
import { softmax } from "../../core/ops/normalise.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { ImageClassifier } from "../../models/image-model.js";
import { inputsFor } from "../../nn/parameter.js";
import type { Weights } from "../../nn/weights.js";

export interface ClassifierSession {
  /** The probabilities [b, k] of images [b, c, h, w], both flat, the images with values from -1 to 1. */
  classify(images: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

/** Compiles a classifier for batches of any size. */
export async function compileClassifier(
  runtime: Runtime,
  model: ImageClassifier,
  weights: Weights,
  options?: SessionOptions,
): Promise<ClassifierSession> {
  const { channels, height, width } = model;
  const images = input<"b c h w">("images", "float32", ["b", channels, height, width]);
  const p = inputsFor(model.parameters);
  const outputs = { probabilities: softmax(model.logits(p, images)) };
  const session = await compile(runtime, outputs, options, weights);
  return {
    async classify(flat) {
      const batch = flat.length / (channels * height * width);
      const feed = hostTensor("float32", [batch, channels, height, width], flat);
      const { probabilities } = await session.run({ images: feed });
      return probabilities.data as Float32Array;
    },
    release: () => session.release(),
  };
}
