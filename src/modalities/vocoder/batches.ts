/** What a run on a vocoder learns from: windows of sound, and what Griffin and Lim's method makes of their mel bands. */
import { type RandomStream, randomStream } from "../../core/random.js";
import { evaluationOrder } from "../../data/evaluation-order.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { logMel } from "../../features/audio/mel-spectrogram.js";
import { VocoderSpectra } from "../../features/audio/vocoder-spectra.js";
import { griffinLim } from "../../generation/sound/griffin-lim.js";
import { melOf } from "./build.js";
import type { VocoderRecipe } from "./recipe.js";
import type { Tape } from "./tape.js";

/** The two tapes of a run. */
export interface Tapes {
  readonly train: Tape;
  readonly validation: Tape;
}

/** Samples of a window. */
export const windowLength = ({ features }: VocoderRecipe) =>
  (features.frames - 1) * melOf({ features }).hop;

/** How many batches hold as much sound as a tape; at least 1. */
export const batchesOf = ({ samples }: Tape, recipe: VocoderRecipe) =>
  Math.max(1, Math.floor(samples / windowLength(recipe) / recipe.training.batchSize));

/** Batches as pure functions of the recipe's seed and their number. */
export function vocoderBatches({ train, validation }: Tapes, recipe: VocoderRecipe): TrainingData {
  const { features, training, objective } = recipe;
  const { batchSize, seed } = training;
  const mel = melOf(recipe);
  const spectra = new VocoderSpectra(mel);
  const length = windowLength(recipe);

  /** The window as the vocoder is to make it, and as it begins. */
  function example(sound: Float32Array) {
    const { data: bands } = logMel(mel, sound);
    const scale = spectra.scaleOf(bands);
    const spoilt = griffinLim(bands, mel, { iterations: objective.spoilingSteps, length, random: sound });
    const spectrum = (samples: Float32Array) => spectra.spectrumOf(samples, scale);
    return { sound: spectrum(sound), start: spectrum(spoilt), mel: bands };
  }

  function batchOf(sounds: readonly Float32Array[], random: RandomStream): Batch {
    const examples = sounds.map(example);
    const shift = random.uniform();
    return {
      sound: framesFirst(examples.map((one) => one.sound), features.frames),
      start: framesFirst(examples.map((one) => one.start), features.frames),
      mel: framesFirst(examples.map((one) => one.mel), features.frames),
      // One from each part of the way.
      times: Float32Array.from(sounds, (_, row) => (row + shift) / batchSize),
    };
  }

  const validationBatches = batchesOf(validation, recipe);
  const windows = validationBatches * batchSize;
  const startOf = (window: number) => Math.floor((window * (validation.samples - length)) / windows);

  return {
    async training(index) {
      const random = randomStream(seed, "vocoder windows", index);
      const sounds: Float32Array[] = [];
      for (let row = 0; row < batchSize; row++) {
        const sound = await train.read(random.integer(train.samples - length + 1), length);
        const gain = 10 ** ((-features.gain * random.uniform()) / 20);
        sounds.push(sound.map((value) => value * gain));
      }
      return batchOf(sounds, random);
    },
    async *validation(limit) {
      for (const [number, chosen] of [...evaluationOrder(windows, { batchSize, limit, seed })].entries()) {
        const sounds: Float32Array[] = [];
        for (const window of chosen) sounds.push(await validation.read(startOf(window), length));
        yield batchOf(sounds, randomStream(seed, "vocoder validation", number));
      }
    },
    validationBatches,
  };
}

/** Rows [frames, n] of a batch as [frames, b, n]. */
function framesFirst(rows: readonly Float32Array[], frames: number): Float32Array {
  const size = rows[0].length / frames;
  const whole = new Float32Array(rows.length * rows[0].length);
  for (const [row, values] of rows.entries()) {
    for (let frame = 0; frame < frames; frame++) {
      whole.set(values.subarray(frame * size, (frame + 1) * size), (frame * rows.length + row) * size);
    }
  }
  return whole;
}
