/**
 * Denoising diffusion (Ho et al. 2020): at step n of N an image is x_n = sqrt(a_n) data + sqrt(1 - a_n) noise, with
 * a_n, the signal, falling from 1 at step 0 to nearly 0 at step N; the model learns the noise. Time, as models see
 * it, is 1 - n / N: 0 for noise and 1 for data. The loss is the mean squared error (equation 14).
 */
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { reshape } from "../core/ops/movement.js";
import { fillNormal } from "../core/random.js";
import type { Denoiser } from "../models/image-model.js";
import { checkClasses, dropClasses } from "./class-dropout.js";
import {
  countOf,
  flagOf,
  type ImageBatchShape,
  type ImageObjective,
  meanOfCounted,
} from "./image-objective.js";

/** How noise grows from the first step to the last. */
export interface NoiseSchedule {
  /** N; default 1000. */
  readonly steps?: number;
  /** How the signal falls: variances on a line (Ho et al. 2020), or as a squared cosine (Nichol & Dhariwal 2021). */
  readonly schedule: "linear" | "cosine";
}

/** The noise, and how classes are learned beside it. */
export interface DdpmOptions extends NoiseSchedule {
  /** Chance that an image's class is hidden, so that guidance has a model without classes to compare with. */
  readonly classDropout: number;
  /** Of the model. */
  readonly numClasses: number;
}

/**
 * Diffusion as training asks for it: batches of `images` and `noise` [b, c, h, w], and for each image [b] the
 * time, the shares sqrt(a_n) and sqrt(1 - a_n) of the two, and the class.
 */
export function ddpm({ classDropout, numClasses, ...schedule }: DdpmOptions): ImageObjective<Denoiser> {
  const signals = signalLevels(schedule);
  const steps = signals.length - 1;
  const batch = ({ batchSize, channels, height, width }: ImageBatchShape): Record<string, TensorType> => ({
    images: { dtype: "float32", shape: [batchSize, channels, height, width] },
    noise: { dtype: "float32", shape: [batchSize, channels, height, width] },
    times: { dtype: "float32", shape: [batchSize] },
    dataShares: { dtype: "float32", shape: [batchSize] },
    noiseShares: { dtype: "float32", shape: [batchSize] },
    labels: { dtype: "int64", shape: [batchSize] },
  });
  return {
    batch,
    evaluated: (shape) => ({ ...batch(shape), counted: flagOf(shape) }),
    complete({ images, labels }, { batchSize }, random) {
      const noise = new Float32Array(images.length);
      fillNormal(noise, random, 1);
      const drawn = Array.from({ length: batchSize }, () => 1 + random.integer(steps));
      return {
        images,
        noise,
        times: Float32Array.from(drawn, (step) => 1 - step / steps),
        dataShares: Float32Array.from(drawn, (step) => Math.sqrt(signals[step])),
        noiseShares: Float32Array.from(drawn, (step) => Math.sqrt(1 - signals[step])),
        labels: dropClasses(labels, numClasses, classDropout, random),
      };
    },
    loss(model, p, { images, noise, times, dataShares, noiseShares, labels, counted }) {
      checkClasses(model, numClasses);
      const each = (share: Tensor) => reshape(share, [share.shape[0], 1, 1, 1]);
      const x = add(mul(images, each(dataShares)), mul(noise, each(noiseShares)));
      const error = sub(model.predict(p, x, times, labels), noise);
      return { loss: meanOfCounted(mul(error, error), counted) };
    },
    count: (batch) => countOf(batch, batch.times.length),
  };
}

/** a_n for n from 0 to N: the products of 1 - beta. */
export function signalLevels({ steps = 1000, schedule }: NoiseSchedule): Float64Array {
  const signals = new Float64Array(steps + 1).fill(1);
  const beta = schedule === "linear" ? linearBeta : cosineBeta;
  for (let n = 1; n <= steps; n++) signals[n] = signals[n - 1] * (1 - Math.min(0.999, beta(n, steps)));
  return signals;
}

/** From 1e-4 to 0.02 over 1000 steps; other numbers of steps are scaled so that as much noise comes in. */
function linearBeta(n: number, steps: number): number {
  return (1000 / steps) * (1e-4 + ((0.02 - 1e-4) * (n - 1)) / Math.max(1, steps - 1));
}

/** Such that the signal is cos^2 of a quarter turn, from a little after its start (equation 17). */
function cosineBeta(n: number, steps: number): number {
  const signal = (m: number) => Math.cos(((m / steps + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  return 1 - signal(n) / signal(n - 1);
}

/**
 * The path of an image from noise to data, for samplers. Its step is the deterministic one of DDIM (Song et al. 2021,
 * equation 12 with sigma 0), with the data that the predicted noise means kept from -1 to 1, as Ho et al.'s code
 * does: where hardly any signal is left, small errors would make it huge.
 */
export function diffusionPath(schedule: NoiseSchedule) {
  const signals = signalLevels(schedule);
  const mix = (data: Float32Array, noise: Float32Array, signal: number): Float32Array =>
    data.map((value, i) => Math.sqrt(signal) * value + Math.sqrt(1 - signal) * noise[i]);
  return {
    /** What `data` look like at time `t`: where in-painting and image-to-image start from. */
    noisyAt: (data: Float32Array, noise: Float32Array, t: number): Float32Array =>
      mix(data, noise, signalAt(signals, t)),

    /** `x` of time `t` as it is at time `next`, given the predicted noise in it. */
    step(x: Float32Array, noise: Float32Array, t: number, next: number): Float32Array {
      const signal = signalAt(signals, t);
      const data = x.map((value, i) => {
        const predicted = (value - Math.sqrt(1 - signal) * noise[i]) / Math.sqrt(signal);
        return Math.min(1, Math.max(-1, predicted));
      });
      return mix(data, noise, signalAt(signals, next));
    },
  };
}

/** The signal at a time; between two steps it lies on a line. */
function signalAt(signals: Float64Array, time: number): number {
  const place = (1 - time) * (signals.length - 1);
  const before = Math.floor(place);
  const after = Math.min(before + 1, signals.length - 1);
  return signals[before] + (place - before) * (signals[after] - signals[before]);
}
