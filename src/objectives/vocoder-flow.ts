/**
 * Flow matching for a vocoder between two sounds (Liu et al. 2022; Albergo et al. 2024, "data-dependent couplings"): from one
 * that has the mel bands and the phases, but no finer magnitudes, to the sound itself. At time t, from 0 to 1, a spectrum is
 * x_t = (1 - t) start + t sound, and the model learns the velocity of that line, sound - start.
 */
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { mean } from "../core/ops/reduce.js";
import type { Vocoder } from "../models/vocoder.js";
import type { Measure } from "./task.js";

/** The fixed shape of batches of spectra. */
export interface VocoderBatchShape {
  readonly batchSize: number;
  readonly frames: number;
}

/** The mean squared error over batches of `start` and `sound` [t, b, 2 bins], `mel` [t, b, bands] and `times` [b]. */
export function vocoderFlow(model: Vocoder, { batchSize, frames }: VocoderBatchShape): Measure {
  const of = (...shape: number[]): TensorType => ({ dtype: "float32", shape });
  const { bins, bands } = model;
  return {
    batch: {
      start: of(frames, batchSize, 2 * bins),
      sound: of(frames, batchSize, 2 * bins),
      mel: of(frames, batchSize, bands),
      times: of(batchSize),
    },
    loss(p, { start, sound, mel, times }) {
      const velocity = sub(sound, start);
      const x: Tensor<"t b d"> = add(start, mul(velocity, reshape(times, [1, batchSize, 1])));
      const error = sub(model.predict(p, x, mel as Tensor<"t b m">, times as Tensor<"b">), velocity);
      return { loss: mean<"">(mul(error, error)) };
    },
  };
}
