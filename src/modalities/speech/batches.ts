/** The batches of a run on speech: recordings, augmented, as features, with what the objective draws at random. */
import { type RandomStream, randomStream } from "../../core/random.js";
import {
  type BucketBatch,
  batchesPerPass,
  evaluationBuckets,
  trainingBucket,
} from "../../data/length-buckets.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { type SpeechFeatures, speechFeatures } from "../../features/audio/feature-extractor.js";
import { warpFrequencies } from "../../features/audio/frequency-warp.js";
import { changeGain } from "../../features/audio/level.js";
import { kaldiMel } from "../../features/audio/mel-settings.js";
import { addNoise } from "../../features/audio/noise.js";
import { addRoom } from "../../features/audio/room.js";
import { specAugment } from "../../features/audio/spec-augment.js";
import { changeSpeed } from "../../features/audio/speed.js";
import type { SpeechBatchShape } from "../../objectives/speech-objective.js";
import type { BatchObjective } from "./build.js";
import type { SpeechRecipe } from "./recipe.js";
import type { SpeechSets, Utterance, UtteranceSet } from "./utterances.js";

type Augment = SpeechRecipe["features"]["augment"];

/** Batches as pure functions of the recipe's seed and their number. */
export function speechBatches(
  { train, validation, shapes }: SpeechSets,
  { features: { augment }, training: { seed } }: SpeechRecipe,
  { objective, ...codes }: BatchObjective,
): TrainingData {
  async function completed(set: UtteranceSet, batch: BucketBatch, change: Change, stream: StreamOf) {
    const shape = shapes[set.buckets.indexOf(batch.bucket)];
    const utterances = batch.members.map((i) => set.utterances[i]);
    const heard: SpeechFeatures[] = [];
    for (const [row, utterance] of utterances.entries()) {
      heard.push(change(await samplesOf(set, utterance), stream("augment", row)));
    }
    const streams = utterances.map((_, row) => stream("objective", row));
    return objective.complete(joined(heard, utterances, batch.count, shape, codes), shape, streams);
  }

  async function* validationBatches(limit?: number): AsyncGenerator<Batch> {
    for (const [number, batch] of evaluationBuckets(validation.buckets, seed, limit).entries()) {
      const stream = (purpose: string, row: number) =>
        randomStream(seed, `validation ${purpose} ${number}`, row);
      yield await completed(validation, batch, speechFeatures, stream);
    }
  }

  return {
    training: (index) => {
      const stream = (purpose: string, row: number) =>
        randomStream(seed, `training ${purpose} ${index}`, row);
      const change = (samples: Float32Array, random: RandomStream) => changed(samples, augment, random);
      return completed(train, trainingBucket(train.buckets, seed, index), change, stream);
    },
    validation: validationBatches,
    validationBatches: batchesPerPass(validation.buckets),
  };
}

type Change = (samples: Float32Array, random: RandomStream) => SpeechFeatures;
type StreamOf = (purpose: string, row: number) => RandomStream;

async function samplesOf(
  { audio }: UtteranceSet,
  { number, start, samples }: Utterance,
): Promise<Float32Array> {
  return audio.read(number, start, samples);
}

/** An utterance as it is learned from: another one each time. */
function changed(
  samples: Float32Array,
  { speeds, gain, noise, room, warp = 0, specAugment: hides = false }: Augment,
  random: RandomStream,
): SpeechFeatures {
  let sound = speeds ? changeSpeed(samples, speeds[random.integer(speeds.length)]) : samples;
  if (room !== undefined && random.uniform() < 0.5) {
    sound = addRoom(sound, { decaySeconds: 0.05 + random.uniform() * (room - 0.05) }, random);
  }
  if (gain !== undefined) sound = changeGain(sound, gain * (2 * random.uniform() - 1));
  if (noise !== undefined && random.uniform() < 0.5) {
    const kind = random.uniform() < 0.5 ? "white" : "pink";
    sound = addNoise(sound, { snrDb: noise + 20 * random.uniform(), noise: kind }, random);
  }
  const features = speechFeatures(sound);
  // Two frames of 10 ms lie side by side in each row.
  let apart = { data: features.data, frames: 2 * features.frames, bands: features.bands / 2 };
  if (warp > 0) apart = warpFrequencies(apart, 1 + warp * (2 * random.uniform() - 1), kaldiMel);
  if (hides) apart = specAugment(apart, random);
  return { ...features, data: apart.data };
}

/** Utterances as rows of one length; those from `count` on only fill the batch. */
function joined(
  heard: readonly SpeechFeatures[],
  utterances: readonly Utterance[],
  count: number,
  { frames: longest, featureWidth }: SpeechBatchShape,
  { quantiser, numCodebooks = 0 }: Pick<BatchObjective, "quantiser" | "numCodebooks">,
) {
  const features = new Float32Array(heard.length * longest * featureWidth);
  const codes = quantiser && new Uint16Array(heard.length * longest * numCodebooks);
  heard.forEach(({ data, valid }, row) => {
    const sound = data.subarray(0, valid * featureWidth);
    features.set(sound, row * longest * featureWidth);
    if (row < count) codes?.set(quantiser!.targets(sound), row * longest * numCodebooks);
  });
  return {
    features,
    codes,
    frames: heard.map(({ valid }, row) => (row < count ? valid : 0)),
    labels: utterances[0].labels && utterances.map(({ labels }, row) => (row < count ? labels! : [])),
  };
}
