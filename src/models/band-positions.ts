/**
 * An encoder that sees at which height each pixel lies, as a second channel from -1 to 1: convolutions and means alone
 * cannot tell a high tone from a low one. [Liu et al. 2018, "An intriguing failing of convolutional neural networks"]
 */
import { constant, type Tensor } from "../core/graph/tensor.js";
import { expand } from "../core/ops/movement.js";
import { concat } from "../core/ops/slice.js";
import type { ImageEncoder } from "./image-model.js";

/** An encoder of images of one channel over one of two channels. */
export function withBandPositions(encoder: ImageEncoder): ImageEncoder {
  const { height, width } = encoder;
  return {
    ...encoder,
    channels: 1,
    features(p, images) {
      const heights = Float32Array.from(
        { length: height },
        (_, row) => (2 * row) / Math.max(1, height - 1) - 1,
      );
      const column = constant(heights, [1, 1, height, 1]);
      const positions = expand(column, [images.shape[0], 1, height, width]);
      return encoder.features(p, concat([images, positions], 1) as Tensor<"b c h w">);
    },
  };
}
