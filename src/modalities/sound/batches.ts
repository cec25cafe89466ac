/** What a run on sound learns from: spectrograms of clips, shifted and louder or quieter, with what the objective draws. */
import { permuted, type RandomStream, randomStream } from "../../core/random.js";
import { evaluationOrder } from "../../data/evaluation-order.js";
import type { ImageBatch } from "../../data/images/image.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { scaleBands } from "../../features/audio/band-scaling.js";
import { levelled, melWindow, samplesOfFrames } from "../../features/audio/clip.js";
import { completeEach, evaluatedBatch } from "../../objectives/image-objective.js";
import { batchShapeOf, buildBatchObjective, pairLabel, pairsOf, windowOf } from "./build.js";
import type { PreparedClip, PreparedClips, PreparedSound } from "./prepared.js";
import type { SoundRecipe } from "./recipe.js";

/** Spectrograms that are kept once they are made, in bytes. */
const keptBytes = 2 ** 28;
/** Of decibels, in the logarithm of magnitudes. */
const decibel = Math.LN10 / 20;

/** How a clip is heard: so many frames of silence before it, and louder by so much. */
interface Take {
  readonly lead: number;
  readonly gain: number;
}

/** Clips as spectrograms [bands, frames] in the scale of the model; each is computed once. */
export function spectrograms(
  { audio, clips }: PreparedClips,
  recipe: SoundRecipe,
  { scaling }: PreparedSound,
) {
  const { mel, frames } = windowOf(recipe);
  const { shift } = recipe.features.augment;
  const wide = frames + 2 * shift;
  const floor = Math.log(mel.floor);
  const kept = new Map<number, Promise<Float32Array>>();

  /** With as much silence before it as any shift needs. */
  async function read({ number }: PreparedClip): Promise<Float32Array> {
    const length = Math.min(audio.examples[number].samples, samplesOfFrames(mel, wide));
    const samples = levelled(await audio.read(number, 0, length));
    return melWindow(mel, samples!, { lead: 2 * shift, frames: wide });
  }

  function find(i: number): Promise<Float32Array> {
    const found = kept.get(i) ?? read(clips[i]);
    const hasRoom = (kept.size + 1) * mel.bands * wide * Float32Array.BYTES_PER_ELEMENT <= keptBytes;
    if (hasRoom) kept.set(i, found);
    return found;
  }

  return async (i: number, { lead, gain }: Take): Promise<Float32Array> => {
    const whole = await find(i);
    const window = new Float32Array(mel.bands * frames);
    for (let band = 0; band < mel.bands; band++) {
      const start = band * wide + 2 * shift - lead;
      for (let frame = 0; frame < frames; frame++) {
        window[band * frames + frame] = Math.max(floor, whole[start + frame] + gain * decibel);
      }
    }
    return scaleBands(window, scaling);
  };
}

/** Batches as pure functions of the recipe's seed and their number. */
export function soundBatches(sound: PreparedSound, recipe: SoundRecipe): TrainingData {
  const { features, training, objective } = recipe;
  const { batchSize, seed } = training;
  const { shift, gain } = features.augment;
  const shape = batchShapeOf(recipe);
  const size = shape.height * shape.width;
  const completing = buildBatchObjective(recipe, sound);
  const still: Take = { lead: shift, gain: 0 };
  const read = {
    train: spectrograms(sound.train, recipe, sound),
    validation: spectrograms(sound.validation, recipe, sound),
  };

  async function batchOf(
    split: keyof typeof read,
    indices: readonly number[],
    takeOf: (row: number) => Take,
    random?: RandomStream,
  ): Promise<ImageBatch> {
    const images = new Float32Array(batchSize * size);
    for (const [row, i] of indices.entries()) images.set(await read[split](i, takeOf(row)), row * size);
    const labels = Int32Array.from(indices, (i) => labelOf(sound[split].clips[i], random));
    return { images, labels };
  }

  /** Of flow matching: of class and speaker, each of which may be hidden alone; -1 for none of either. */
  function labelOf({ label, speaker }: PreparedClip, random?: RandomStream): number {
    if (objective.kind !== "flowMatching") return label;
    const hides = () => random !== undefined && random.uniform() < objective.classDropout;
    const isAlone = sound.speakers.length === 0;
    const pair = isAlone
      ? pairLabel(sound, label, -1)
      : pairLabel(sound, hides() ? -1 : label, hides() ? -1 : speaker);
    return pair === pairsOf(sound) ? -1 : pair;
  }

  async function* validationBatches(limit?: number): AsyncGenerator<Batch> {
    const count = sound.validation.clips.length;
    for (const numbers of evaluationOrder(count, { batchSize, limit, seed })) {
      const indices = Array.from({ length: batchSize }, (_, row) => numbers[row] ?? row % count);
      const { images, labels } = await batchOf("validation", indices, () => still);
      labels.fill(-1, numbers.length);
      const evaluated = {
        images,
        labels,
        indices,
        count: numbers.length,
        distinct: Math.min(count, batchSize),
      };
      const randomOf = (index: number) => randomStream(seed, "validation objective", index);
      yield evaluatedBatch(completeEach(completing, evaluated, shape, randomOf), evaluated);
    }
  }

  return {
    async training(step) {
      const random = randomStream(seed, "sound augment", step);
      const count = sound.train.clips.length;
      const indices = Array.from({ length: batchSize }, (_, row) => {
        const drawn = step * batchSize + row;
        return permuted(drawn % count, count, seed, "clip order", Math.floor(drawn / count));
      });
      const takes = indices.map(() => ({
        lead: random.integer(2 * shift + 1),
        gain: gain * (2 * random.uniform() - 1),
      }));
      const batch = await batchOf("train", indices, (row) => takes[row], random);
      return completing.complete(batch, shape, randomStream(seed, "sound objective", step));
    },
    validation: validationBatches,
    validationBatches: Math.ceil(sound.validation.clips.length / batchSize),
  };
}
