/** What a run on a vocoder learns: a model, prepared recordings, and what a checkpoint holds. */
import type { RecordingSet } from "../../data/audio/recording.js";
import { openRecordings } from "../../data/audio/recordings.js";
import { DataError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { saveVocoder } from "../../interop/vocoder-folder.js";
import { RecipeError } from "../../recipe/errors.js";
import { stepsOf } from "../base.js";
import { batchesAhead } from "../batches-ahead.js";
import { type Learning, type Prepared, type Surroundings, watching } from "../modality.js";
import type { BatchThreadOptions } from "./batch-thread.js";
import { batchesOf, type Tapes, vocoderBatches, windowLength } from "./batches.js";
import { buildVocoder, melOf } from "./build.js";
import { openPreparedRecordings, type PreparedRecordings, writeRecordings } from "./prepared.js";
import type { VocoderRecipe } from "./recipe.js";
import { vocoderSampler } from "./sample.js";
import { tapeOf } from "./tape.js";

/** Looks the recordings through. They are decoded while they are written. */
export async function prepareVocoder(
  recipe: VocoderRecipe,
  around: Surroundings,
): Promise<Prepared<VocoderRecipe>> {
  const set = await openAll(recipe);
  const { task } = buildVocoder(recipe);
  return {
    ...{ recipe, task },
    async write(data) {
      await writeRecordings(set, recipe, data, watching(around, "recordings decoded"));
      return learningOf(recipe, await openPreparedRecordings(data), around);
    },
  };
}

/** What a run goes on with. */
export async function openRunVocoder(
  recipe: VocoderRecipe,
  data: Folder,
  around: Surroundings,
): Promise<Learning> {
  return learningOf(recipe, await openPreparedRecordings(data), around);
}

async function openAll({ data: { path } }: VocoderRecipe): Promise<RecordingSet> {
  if (path === undefined) {
    throw new RecipeError(
      "there are no recordings to learn from",
      "data.path is missing",
      "give --data.path: a folder or zip of recordings, of the kind that the vocoder is to make",
    );
  }
  const sets = [];
  for (const one of [path].flat()) sets.push(await openRecordings(one));
  return {
    layout: sets.map(({ layout }) => layout).join(", "),
    recordings: sets.flatMap(({ recordings }) => recordings),
    leftOut: sets.flatMap(({ leftOut }) => leftOut),
  };
}

async function learningOf(
  recipe: VocoderRecipe,
  prepared: PreparedRecordings,
  around: Surroundings,
): Promise<Learning> {
  const { location, notes, leftOut } = prepared;
  const { generation, features } = recipe;
  const tapes = { train: await tapeOf(prepared.train), validation: await tapeOf(prepared.validation) };
  requireWindow(tapes, recipe, location);
  const { model, task } = buildVocoder(recipe);
  const mel = melOf(recipe);
  const minutes = tapes.train.samples / features.sampleRate / 60;
  return {
    task,
    steps: stepsOf(recipe.training, batchesOf(tapes.train, recipe)),
    data: batchesAhead<BatchThreadOptions>(
      vocoderBatches(tapes, recipe),
      import.meta.url,
      { location, recipe },
      around,
    ),
    ...{ leftOut, notes },
    description: {
      model: recipe.model.kind,
      parameters: model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0),
      details: [
        `${mel.bands} bands to ${mel.fftSize / 2 + 1} bins at ${mel.sampleRate} Hz`,
        `${minutes.toFixed(1)} min, in windows of ${(windowLength(recipe) / mel.sampleRate).toFixed(2)} s`,
      ],
      train: prepared.train.examples.length,
      validation: prepared.validation.examples.length,
      unit: "recordings",
    },
    save: (to, { all }) => saveVocoder(to, model, all, { mel, generation }),
    sampler: (weights, { runtime }) =>
      vocoderSampler(runtime, { model, weights, mel, generation }, tapes.validation),
    next: (folder) => [`npx autodidact evaluate ${folder}`],
  };
}

function requireWindow({ train, validation }: Tapes, recipe: VocoderRecipe, location: string): void {
  const least = Math.min(train.samples, validation.samples);
  if (least > windowLength(recipe)) return;
  throw new DataError(
    "there is less sound than a window holds",
    `${train.samples} samples to learn from and ${validation.samples} to validate with in ${location}, ` +
      `a window has ${windowLength(recipe)}`,
    "give more recordings, or fewer features.frames",
  );
}
