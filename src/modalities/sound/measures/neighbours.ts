/** Whether what is drawn repeats clips that were learned from. */
import type { Runtime } from "../../../core/runtime/session.js";
import type { Features } from "../../../evaluation/images/features.js";
import { nearestNeighbours } from "../../../evaluation/images/neighbours.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import { sampleImages } from "../../../generation/images/sample.js";
import { spectrograms } from "../batches.js";
import { optionsOf } from "../kinds/draw.js";
import type { PreparedClips } from "../prepared.js";
import { batchSize, type Subject } from "./subject.js";

/** Louder and quieter by so many decibels, each is compared. */
const gains = [-3, -1.5, 0, 1.5, 3];

/**
 * Distances of drawn spectrograms to the nearest training clip, and of clips held out to theirs: root mean square a band
 * and frame, in deviations, each at the best of the shifts and gains of training. Copies would be nearer than clips held
 * out are.
 */
export async function copyCheck(subject: Subject) {
  const { saved, sound, recipe, flags, around } = subject;
  const { samples: count, ...how } = flags;
  const session = await compileDenoiser(around.runtime, saved.model, saved.weights);
  const drawn = await sampleImages(session, { ...optionsOf(saved, { ...how, count }), batchSize });
  await session.release();
  const { shift } = recipe.features.augment;
  const leads = Array.from({ length: 2 * shift + 1 }, (_, lead) => lead);
  const d = saved.model.height * saved.model.width;
  const named = (data: Float32Array): Features => ({ name: "mel bands", data, n: data.length / d, d });
  const [drawnBest, testBest] = [new Float64Array(count), new Float64Array(sound.validation.clips.length)];
  drawnBest.fill(Number.POSITIVE_INFINITY);
  testBest.fill(Number.POSITIVE_INFINITY);
  const all = (clips: PreparedClips) => {
    const read = spectrograms(clips, recipe, sound);
    return async (lead: number, gain: number) => {
      const values = new Float32Array(clips.clips.length * d);
      for (const i of clips.clips.keys()) values.set(await read(i, { lead, gain }), i * d);
      return named(values);
    };
  };
  const training = all(sound.train);
  const test = await all(sound.validation)(shift, 0);
  for (const [done, lead] of leads.entries()) {
    for (const gain of gains) {
      around.signal?.throwIfAborted();
      around.onProgress?.("shifts compared", done, leads.length);
      const train = await training(lead, gain);
      await keepNearest(around.runtime, named(drawn), train, drawnBest);
      await keepNearest(around.runtime, test, train, testBest);
    }
  }
  const [ours, theirs] = [summary(drawnBest, d), summary(testBest, d)];
  return {
    figures: { samples: count, drawn: ours, clips: testBest.length, heldOut: theirs },
    text:
      `the nearest training clip differs from ${count} drawn ones by ${ours.median.toFixed(3)} in the middle, ${ours.smallest.toFixed(3)} at least; ` +
      `from ${testBest.length} clips held out by ${theirs.median.toFixed(3)} and ${theirs.smallest.toFixed(3)} ` +
      "(root mean square of mel bands in deviations, at the best shift and gain)",
  };
}

async function keepNearest(runtime: Runtime, queries: Features, among: Features, best: Float64Array) {
  const { squaredDistances } = await nearestNeighbours(runtime, queries, among, 1);
  for (const [i, distance] of squaredDistances.entries()) best[i] = Math.min(best[i], distance);
}

function summary(squared: Float64Array, d: number) {
  const distances = Array.from(squared, (value) => Math.sqrt(value / d)).sort((a, b) => a - b);
  return { smallest: distances[0], median: distances[Math.floor(distances.length / 2)] };
}
