/** How far magnitudes are from a sound's: spectral convergence and logarithms (Arik et al. 2018, sections 3.2.1 and 3.2.2). */
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { abs, add, div, exp, sqrt, sub } from "../core/ops/elementwise.js";
import { mean, sumSquare } from "../core/ops/reduce.js";
import type { Vocoder } from "../models/vocoder.js";
import type { Measure } from "./task.js";

/** The fixed shape of batches of spectra. */
export interface SpectraShape {
  readonly batchSize: number;
  readonly frames: number;
}

/** A norm of exactly 0 has no gradient. */
const epsilon = 1e-12;

/**
 * The norm of the differences of all magnitudes over that of the sounds', and the mean absolute difference of their natural
 * logarithms; over batches of `mel` [t, b, bands], `rough` and the sounds' `logs` [t, b, bins].
 */
export function spectralMagnitudes(model: Vocoder, { batchSize, frames }: SpectraShape): Measure {
  const of = (width: number): TensorType => ({ dtype: "float32", shape: [frames, batchSize, width] });
  const { bins, bands } = model;
  return {
    batch: { mel: of(bands), rough: of(bins), logs: of(bins) },
    loss(p, { mel, rough, logs }) {
      const predicted = model.predict(p, mel as Tensor<"t b m">, rough as Tensor<"t b n">);
      const squares = (x: Tensor) => sqrt(add(sumSquare<"">(x), epsilon));
      const wanted = exp(logs);
      const convergence = div(squares(sub(exp(predicted), wanted)), squares(wanted));
      return { loss: add(convergence, mean<"">(abs(sub(predicted, logs)))) };
    },
  };
}
