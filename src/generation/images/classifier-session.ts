/** Telling classes apart with a compiled classifier. */
import { input } from "../../core/graph/tensor.js";
import { softmax } from "../../core/ops/normalise.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { ImageClassifier } from "../../models/image-model.js";
import { lookUp } from "../../nn/parameter.js";
import type { Weights } from "../weights.js";

export interface Classified {
  /** [b, k], flat. */
  readonly probabilities: Float32Array;
  /** The vectors [b, d] of the encoder below, flat. */
  readonly features: Float32Array;
}

export interface ClassifierSession {
  /** Of images [b, c, h, w], flat, with values from -1 to 1. */
  classify(images: Float32Array): Promise<Classified>;
  release(): Promise<void>;
}

/** Compiles a classifier for batches of any size. */
export async function compileClassifier(
  runtime: Runtime,
  model: ImageClassifier,
  weights: Weights,
  options?: SessionOptions,
): Promise<ClassifierSession> {
  const { channels, height, width, encoder } = model;
  const images = input<"b c h w">("images", "float32", ["b", channels, height, width]);
  const p = lookUp(new Map(model.parameters.map(({ name, shape }) => [name, input(name, "float32", shape)])));
  const values = new Map(
    [...weights].map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)]),
  );
  const outputs = { probabilities: softmax(model.logits(p, images)), features: encoder.features(p, images) };
  const session = await compile(runtime, outputs, options, values);
  return {
    async classify(flat) {
      const batch = flat.length / (channels * height * width);
      const feed = hostTensor("float32", [batch, channels, height, width], flat);
      const result = await session.run({ images: feed });
      return {
        probabilities: result.probabilities.data as Float32Array,
        features: result.features.data as Float32Array,
      };
    },
    release: () => session.release(),
  };
}
