import type { Tensor } from "../core/graph/tensor.js";
import { relu } from "../core/ops/elementwise.js";
import { linearWithBias } from "../nn/linear.js";
import type { Parameters } from "../nn/parameter.js";
import type { ImageEncoder, ImageModel } from "./image-model.js";
import { linearParameters } from "./vit-layer.js";

/** An encoder below a projection, in whose space views of images are compared. */
export interface ProjectedEncoder extends ImageModel {
  readonly encoder: ImageEncoder;
  /** The images' vectors in the space of the projection. */
  project(p: Parameters, images: Tensor<"b c h w">): Tensor<"b d">;
}

/** Sizes of the projection above an encoder. */
export interface ProjectionConfig {
  readonly hiddenWidth: number;
  readonly projectionWidth: number;
}

/**
 * SimCLR's network (Chen et al. 2020, section 2.1): the encoder's vector h and a projection W2 relu(W1 h). What is
 * learned below it is used; the projection is not. Departure: biases, and no batch norm in the projection.
 */
export function contrastive(
  encoder: ImageEncoder,
  { hiddenWidth, projectionWidth }: ProjectionConfig,
): ProjectedEncoder {
  const { channels, height, width, featureWidth } = encoder;
  return {
    channels,
    height,
    width,
    encoder,
    parameters: [
      ...encoder.parameters,
      ...linearParameters("projection.0", featureWidth, hiddenWidth),
      ...linearParameters("projection.2", hiddenWidth, projectionWidth),
    ],
    project(p, images) {
      const hidden = relu(linearWithBias(p, encoder.features(p, images), "projection.0"));
      return linearWithBias(p, hidden, "projection.2");
    },
    config: () => ({
      ...encoder.config(),
      projection_hidden_dim: hiddenWidth,
      projection_dim: projectionWidth,
    }),
  };
}
