/**
 * Flow matching for a vocoder (Liu et al. 2024, "RFWave"). At time t, from 0 for noise to 1 for sound, a spectrum is x_t =
 * (1 - t) noise + t sound, both divided by magnitudes that the mel bands tell, so that loud and quiet places count alike
 * and both have about unit variance. Of the velocity sound - noise, what is told by x_t itself is known; the model learns
 * the rest, which has unit variance too (Karras et al. 2022, section 5, for this line).
 */
import type { TensorType } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { mean } from "../core/ops/reduce.js";
import { reciprocal, sqrt } from "../core/ops/elementwise.js";
import type { Vocoder } from "../models/vocoder.js";
import type { Measure } from "./task.js";

/** The fixed shape of batches of spectra. */
export interface VocoderBatchShape {
  readonly batchSize: number;
  readonly frames: number;
}

/** The loss over batches of `sound` and `noise` [t, b, 2 bins], `mel` [t, b, bands] and `times` [b]. */
export function vocoderFlow(model: Vocoder, { batchSize, frames }: VocoderBatchShape): Measure {
  const of = (...shape: number[]): TensorType => ({ dtype: "float32", shape });
  const { bins, bands } = model;
  return {
    batch: {
      sound: of(frames, batchSize, 2 * bins),
      noise: of(frames, batchSize, 2 * bins),
      mel: of(frames, batchSize, bands),
      weights: of(frames, batchSize, 2 * bins),
      times: of(batchSize),
    },
    loss(p, { sound, noise, mel, times, weights }) {
      const t = reshape(times, [1, batchSize, 1]);
      const left = sub(1, t);
      const size = reciprocal(sqrt(add(mul(t, t), mul(left, left))));
      const x = mul(add(mul(sound, t), mul(noise, left)), size);
      const wanted = mul(sub(mul(sound, left), mul(noise, t)), size);
      const error = sub(model.predict(p, x as never, mel as never, times as never), wanted);
      return { loss: mean<"">(mul(weights, mul(error, error))) };
    },
  };
}
