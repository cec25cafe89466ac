/** Features of a model of ours. */
import { input } from "../../core/graph/tensor.js";
import { compile, hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { ImageEncoder } from "../../models/image-model.js";
import { inputsFor } from "../../nn/parameter.js";
import type { Weights } from "../../nn/weights.js";
import type { FeatureExtractor } from "./features.js";

export interface EncoderFeaturesOptions extends SessionOptions {
  /** Where the weights come from, such as "runs/classifier": part of the name of every number made with them. */
  readonly source: string;
}

/** Compiles `encoder.features` for batches of any size. */
export async function openEncoderFeatures(
  runtime: Runtime,
  encoder: ImageEncoder,
  weights: Weights,
  { source, ...options }: EncoderFeaturesOptions,
): Promise<FeatureExtractor> {
  const { channels, height, width, featureWidth, parameters } = encoder;
  const p = inputsFor(parameters);
  const images = input<"b c h w">("images", "float32", ["b", channels, height, width]);
  const session = await compile(runtime, { features: encoder.features(p, images) }, options, weights);
  const kind = `${encoder.config().model_type}`.replace("autodidact_", "");
  return {
    name: `features of ${source} (${kind})`,
    async extract(pixels) {
      const shape = [pixels.length / (channels * height * width), channels, height, width];
      const { features } = await session.run({ images: hostTensor("float32", shape, pixels) });
      return { data: features.data as Float32Array, d: featureWidth };
    },
    release: () => session.release(),
  };
}
