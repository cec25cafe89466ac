/**
 * A denoiser whose network says what the data are, not which way they lie: its velocity is (data - x) / (1 - t). Where a
 * token has more numbers than the network is wide, noise does not pass through it, and data do. [Li & He 2025, "Back to
 * basics: let denoising generative models denoise", with their least 1 - t]
 */
import type { Tensor } from "../core/graph/tensor.js";
import { div, maximum, sub } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import type { Denoiser } from "./image-model.js";

/** The least time left that is divided by. */
const leastLeft = 0.05;

/** The velocity field of a network that predicts data. */
export function predictData(network: Denoiser): Denoiser {
  return {
    ...network,
    predict(p, x, time, labels) {
      const left = reshape(maximum(sub(1, time), leastLeft), [time.shape[0], 1, 1, 1]);
      const data = network.predict(p, x, time, labels);
      return div(sub(data, x), left) as Tensor<"b c h w">;
    },
  };
}
