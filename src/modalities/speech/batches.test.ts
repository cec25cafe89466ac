import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { toneSentences, toneWords } from "../../../test/tone-words.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { encodeWav } from "../../data/audio/write-wav.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { speechFeatures } from "../../features/audio/feature-extractor.js";
import { openFolder } from "../../files/disk.js";
import { randomProjectionQuantiser } from "../../objectives/random-projection-quantiser.js";
import { resolveRecipe } from "../find.js";
import { speechBatches } from "./batches.js";
import { buildBatchObjective } from "./build.js";
import { openRunSpeech } from "./learning.js";
import { openPreparedSpeech, type PreparedSpeech, writeSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";
import { featureWidth, speechSets } from "./utterances.js";

const numLayers = 2;
const ctc = { kind: "ctc", layerDrop: 0.5 };
const bestRq = { kind: "bestRq", codes: 16, codebooks: 2, spanStarts: 0.1, spanLength: 5 };

function recipeOf(augment: object = {}, objective: object = ctc, buckets = 1) {
  return resolveRecipe<SpeechRecipe>(
    {
      data: { format: "speech", path: "spoken", validationFraction: 0.4 },
      features: { kind: "mel", augment },
      model: { kind: "conformer", width: 16, numLayers, numHeads: 2, hiddenWidth: 32 },
      objective,
      optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
      training: { batchSize: 3, buckets, steps: 1, evaluateEvery: 1, checkpointEvery: 1 },
    },
    "a test",
  );
}

const folder = openFolder(temporaryFolder());
let prepared: PreparedSpeech;
beforeAll(async () => {
  const recordings = toneSentences(10).map((text, i) => ({
    id: `${i}`,
    source: `${i}.wav`,
    text,
    read: async () => encodeWav(toneWords(text)),
  }));
  await writeSpeech({ layout: "a test", recordings, leftOut: [] }, recipeOf(), true, folder, {});
  prepared = await openPreparedSpeech(folder);
});

function batchesOf(recipe: SpeechRecipe) {
  const vocabulary = recipe.objective.kind === "ctc" ? prepared.vocabulary : undefined;
  const sets = speechSets(prepared, recipe, vocabulary);
  const objective = buildBatchObjective(recipe, vocabulary?.tokens.length, numLayers);
  return { sets, ...speechBatches(sets, recipe, objective) };
}

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

/** How many frames each row has. */
function framesOf({ valid, counted }: Batch, rows = counted!.length): number[] {
  const longest = valid.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    Array.from(valid.slice(row * longest, (row + 1) * longest)).reduce((sum, one) => sum + one, 0),
  );
}

const everything = { speeds: [0.9, 1, 1.1], gain: 6, noise: 10, room: 0.3, specAugment: true };

describe("training batches", () => {
  it.each([
    ["ctc", ctc],
    ["bestRq", bestRq],
  ])("of %s are a pure function of the seed and their number", async (_, objective) => {
    const recipe = recipeOf(everything, objective, 2);
    const [once, again] = [batchesOf(recipe), batchesOf(recipe)];
    const later = await once.training(3);
    await again.training(0);
    expect(await again.training(3)).toEqual(later);
    const { training } = recipe;
    const otherSeed = batchesOf({ ...recipe, training: { ...training, seed: 2 } });
    expect(await otherSeed.training(3)).not.toEqual(later);
  });

  it("are the same when a thread makes them ahead", async () => {
    const around = { runtime: nodeRuntime, openFolder };
    const [here, there] = await Promise.all(
      [false, true].map(async (ahead) => {
        const { data } = await openRunSpeech(recipeOf(everything), folder, { ...around, ahead });
        return data as TrainingData;
      }),
    );
    for (const index of [0, 1]) {
      expect(await there.training(index)).toEqual(await here.training(index));
    }
    await there.close!();
  });

  it("change each recording anew by what the recipe asks for, and nothing else", async () => {
    const plain = await batchesOf(recipeOf()).training(0);
    for (const augment of [{ noise: 10 }, { room: 0.5 }, { specAugment: true }]) {
      const { features, labels } = await batchesOf(recipeOf(augment)).training(0);
      expect(features).not.toEqual(plain.features);
      expect(labels).toEqual(plain.labels);
    }
  });

  it("are heard at each of the speeds, with the same labels", async () => {
    const plain = batchesOf(recipeOf());
    const fast = batchesOf(recipeOf({ speeds: [0.5, 2] }));
    const ratios = new Set<number>();
    for (const index of [0, 1]) {
      const [own, other] = [await plain.training(index), await fast.training(index)];
      const lengths = framesOf(own);
      for (const [row, frames] of framesOf(other).entries())
        ratios.add(Math.round((2 * lengths[row]) / frames) / 2);
      expect(other.labels).toEqual(own.labels);
    }
    expect([...ratios].sort()).toEqual([0.5, 2]);
  });

  it("leave layers out by chance, row by row", async () => {
    const { keep } = await batchesOf(recipeOf()).training(0);
    expect(keep).toHaveLength(numLayers * 3);
    const drawn = await Promise.all(
      [1, 2, 3, 4, 5].map(async (index) => (await batchesOf(recipeOf()).training(index)).keep),
    );
    // Of the second layer half are left out, of the first a quarter.
    expect(new Set(drawn.flatMap((one) => [...one]))).toEqual(new Set([0, 2, Math.fround(1 / 0.75)]));
  });

  it("are as large as asked for also where there are fewer recordings", async () => {
    const recipe = recipeOf();
    const large = { ...recipe, training: { ...recipe.training, batchSize: 20 } };
    const batch = await batchesOf(large).training(0);
    expect(batch.counted).toEqual(new Float32Array(20).fill(1));
  });
});

describe("validation batches", () => {
  it("count each recording once, and not the rows that fill up", async () => {
    const { sets, validation, validationBatches } = batchesOf(recipeOf());
    const { utterances } = sets.validation;
    const batches = await all(validation());
    expect(validationBatches).toBe(batches.length);
    const counted = batches.flatMap((batch) => [...batch.counted]);
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(utterances.length);
    expect(counted.length).toBeGreaterThan(utterances.length);
    for (const batch of batches) {
      const frames = framesOf(batch);
      expect([...batch.counted]).toEqual(frames.map((count) => Number(count > 0)));
      const most = batch.labels.length / frames.length;
      for (const [row, count] of frames.entries()) {
        const labels = batch.labels.slice(row * most, (row + 1) * most);
        expect(labels.some((label) => label > 0)).toBe(count > 0);
      }
    }
    expect(await all(validation(1))).toHaveLength(1);
  });

  it("hold the recordings as they are, however those that are learned from are changed", async () => {
    const { sets, validation } = batchesOf(recipeOf(everything));
    const [first] = await all(validation());
    const { number } = sets.validation.utterances[sets.validation.buckets[0].members[0]];
    const { data, valid } = speechFeatures(await sets.validation.audio.read(number));
    const sound = data.subarray(0, valid * featureWidth);
    expect(first.features.subarray(0, sound.length)).toEqual(sound);
    expect(framesOf(first)[0]).toBe(valid);
    const rest = first.features.subarray(sound.length, sets.shapes[0].frames * featureWidth);
    expect(rest.every((value) => value === 0)).toBe(true);
  });

  it("are the same each time", async () => {
    const { validation } = batchesOf(recipeOf(everything, bestRq));
    expect(await all(validation())).toEqual(await all(validation()));
  });
});

describe("codes", () => {
  it("are those of what is hidden, and of that alone", async () => {
    const recipe = recipeOf({}, bestRq);
    const { sets, validation } = batchesOf(recipe);
    const { frames, batchSize } = sets.shapes[0];
    const quantiser = randomProjectionQuantiser({ seed: 1, featureWidth, numCodes: 16, numCodebooks: 2 });
    const [batch] = await all(validation());
    const lengths = framesOf(batch, batchSize);
    let hidden = 0;
    for (const [row, member] of sets.validation.buckets[0].members.slice(0, batchSize).entries()) {
      const { number } = sets.validation.utterances[member];
      const { data, valid } = speechFeatures(await sets.validation.audio.read(number));
      expect(lengths[row]).toBe(valid);
      const targets = quantiser.targets(data.subarray(0, valid * featureWidth));
      for (let frame = 0; frame < frames; frame++) {
        const place = row * frames + frame;
        const codes = [0, 1].map((codebook) => batch.codes[codebook * batchSize * frames + place]);
        const isHidden = frame < valid && batch.masked[place] === 1;
        const own = [targets[2 * frame], targets[2 * frame + 1]];
        expect(codes).toEqual(isHidden ? own : [-1, -1]);
        hidden += Number(isHidden);
      }
    }
    expect(hidden).toBeGreaterThan(20);
  });

  it("of rows that fill up are none", async () => {
    const { sets, validation } = batchesOf(recipeOf({}, bestRq));
    const { frames, batchSize } = sets.shapes[0];
    const last = (await all(validation())).at(-1)!;
    const lengths = framesOf(last, batchSize);
    expect(lengths).toContain(0);
    for (const [row, count] of lengths.entries()) {
      if (count > 0) continue;
      for (const codebook of [0, 1]) {
        const start = (codebook * batchSize + row) * frames;
        expect(last.codes.slice(start, start + frames).every((code) => code === -1)).toBe(true);
      }
    }
  });
});
