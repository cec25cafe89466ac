/** What a run on a vocoder learns from: windows of sound, as mel bands and as magnitudes. */
import { randomStream } from "../../core/random.js";
import { evaluationOrder } from "../../data/evaluation-order.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { logMagnitudes, roughLogs } from "../../features/audio/mel-magnitudes.js";
import { logMel } from "../../features/audio/mel-spectrogram.js";
import { Stft } from "../../features/audio/stft.js";
import { melOf } from "./build.js";
import type { VocoderRecipe } from "./recipe.js";
import type { Tape } from "./tape.js";

/** The two tapes of a run. */
export interface Tapes {
  readonly train: Tape;
  readonly validation: Tape;
}

/** Samples of a window. */
export const windowLength = ({ features }: VocoderRecipe) => (features.frames - 1) * melOf({ features }).hop;

/** How many batches hold as much sound as a tape; at least 1. */
export const batchesOf = ({ samples }: Tape, recipe: VocoderRecipe) =>
  Math.max(1, Math.floor(samples / windowLength(recipe) / recipe.training.batchSize));

/** Batches as pure functions of the recipe's seed and their number. */
export function vocoderBatches({ train, validation }: Tapes, recipe: VocoderRecipe): TrainingData {
  const { features, training } = recipe;
  const { batchSize, seed } = training;
  const mel = melOf(recipe);
  const stft = new Stft(mel);
  const length = windowLength(recipe);

  function example(sound: Float32Array) {
    const { data: bands } = logMel(mel, sound);
    return { mel: bands, rough: roughLogs(bands, mel), logs: logMagnitudes(stft.forward(sound), mel) };
  }

  function batchOf(windows: readonly Float32Array[]): Batch {
    const examples = windows.map(example);
    const framesFirst = (rows: readonly Float32Array[]) => interleaved(rows, features.frames);
    return {
      mel: framesFirst(examples.map((one) => one.mel)),
      rough: framesFirst(examples.map(({ rough }) => rough)),
      logs: framesFirst(examples.map(({ logs }) => logs)),
    };
  }

  const validationBatches = batchesOf(validation, recipe);
  const windows = validationBatches * batchSize;
  const startOf = (window: number) => Math.floor((window * (validation.samples - length)) / windows);

  return {
    async training(index) {
      const random = randomStream(seed, "vocoder windows", index);
      const drawn: Float32Array[] = [];
      for (let row = 0; row < batchSize; row++) {
        const window = await train.read(random.integer(train.samples - length + 1), length);
        drawn.push(quieter(window, features.gain * random.uniform()));
      }
      return batchOf(drawn);
    },
    async *validation(limit) {
      for (const chosen of evaluationOrder(windows, { batchSize, limit, seed })) {
        const read: Float32Array[] = [];
        for (const window of chosen) read.push(await validation.read(startOf(window), length));
        yield batchOf(read);
      }
    },
    validationBatches,
  };
}

function quieter(sound: Float32Array, decibels: number): Float32Array {
  const gain = 10 ** (-decibels / 20);
  return sound.map((value) => value * gain);
}

/** Rows [frames, n] of a batch as [frames, b, n]. */
function interleaved(rows: readonly Float32Array[], frames: number): Float32Array {
  const size = rows[0].length / frames;
  const whole = new Float32Array(rows.length * rows[0].length);
  for (const [row, values] of rows.entries()) {
    for (let frame = 0; frame < frames; frame++) {
      whole.set(values.subarray(frame * size, (frame + 1) * size), (frame * rows.length + row) * size);
    }
  }
  return whole;
}
