/**
 * Flow matching along straight lines (Lipman et al. 2023; rectified flow: Liu et al. 2022). At time t, from 0 for
 * noise to 1 for data, an image is x_t = (1 - t) noise + t data; the model learns the velocity of that line, data -
 * noise, and a sampler follows dx/dt = velocity from time 0 to time 1. The loss is the mean squared error.
 */
import type { TensorType } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { fillNormal, type RandomStream } from "../core/random.js";
import type { Denoiser } from "../models/image-model.js";
import { checkClasses, dropClasses } from "./class-dropout.js";
import {
  countOf,
  flagOf,
  type ImageBatchShape,
  type ImageObjective,
  meanOfCounted,
} from "./image-objective.js";

/** How times are drawn and classes learned. */
export interface FlowMatchingOptions {
  /**
   * How times are drawn: evenly, or as the logistic of a standard normal number, which favours the middle, where
   * the velocity is hardest to tell (Esser et al. 2024, section 3.1).
   */
  readonly time: "uniform" | "logitNormal";
  /** How much nearer to noise times are then brought, see `shiftedTime`; default 1: not at all. */
  readonly shift?: number;
  /** Chance that an image's class is hidden, so that guidance has a model without classes to compare with. */
  readonly classDropout: number;
  /** Of the model. */
  readonly numClasses: number;
}

/** Flow matching as training asks for it: batches of `images` and `noise` [b, c, h, w], `times` and `labels` [b]. */
export function flowMatching({
  time,
  shift = 1,
  classDropout,
  numClasses,
}: FlowMatchingOptions): ImageObjective<Denoiser> {
  const batch = ({ batchSize, channels, height, width }: ImageBatchShape): Record<string, TensorType> => ({
    images: { dtype: "float32", shape: [batchSize, channels, height, width] },
    noise: { dtype: "float32", shape: [batchSize, channels, height, width] },
    times: { dtype: "float32", shape: [batchSize] },
    labels: { dtype: "int64", shape: [batchSize] },
  });
  return {
    batch,
    evaluated: (shape) => ({ ...batch(shape), counted: flagOf(shape) }),
    complete({ images, labels }, { batchSize }, random) {
      const noise = new Float32Array(images.length);
      fillNormal(noise, random, 1);
      const times = Float32Array.from({ length: batchSize }, () =>
        shiftedTime(drawTime(time, random), shift),
      );
      return { images, noise, times, labels: dropClasses(labels, numClasses, classDropout, random) };
    },
    loss(model, p, { images, noise, times, labels, counted }) {
      checkClasses(model, numClasses);
      const velocity = sub(images, noise);
      const x = add(noise, mul(velocity, reshape(times, [times.shape[0], 1, 1, 1])));
      const error = sub(model.predict(p, x, times, labels), velocity);
      return { loss: meanOfCounted(mul(error, error), counted) };
    },
    count: (batch) => countOf(batch, batch.times.length),
  };
}

/**
 * A time nearer to noise: the ratio of noise to data is `shift` times that of `t`. Of large and even data noise hides what
 * is there only where it is much stronger. [Esser et al. 2024, section 5.3.2]
 */
export function shiftedTime(t: number, shift: number): number {
  return t / (t + shift * (1 - t));
}

function drawTime(time: FlowMatchingOptions["time"], random: RandomStream): number {
  return time === "uniform" ? random.uniform() : 1 / (1 + Math.exp(-random.normal()));
}

/** The path of an image from noise to data, for samplers. */
export const linearPath = {
  /** What `data` look like at time `t`: where in-painting and image-to-image start from. */
  noisyAt: (data: Float32Array, noise: Float32Array, t: number): Float32Array =>
    data.map((value, i) => (1 - t) * noise[i] + t * value),

  /** `x` moved from time `t` to time `next` along the velocity: Euler's step, of which other solvers are made. */
  step: (x: Float32Array, velocity: Float32Array, t: number, next: number): Float32Array =>
    x.map((value, i) => value + (next - t) * velocity[i]),
};
