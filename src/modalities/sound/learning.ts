/** What a run on sound learns: a model, prepared clips, and what a checkpoint holds. */
import { type ClipSet, openClips } from "../../data/sounds/clips.js";
import type { Folder } from "../../files/folder.js";
import { saveSoundModel } from "../../interop/sound-folder.js";
import { RecipeError } from "../../recipe/errors.js";
import { quoted } from "../../recipe/quoted.js";
import { stepsOf } from "../base.js";
import { batchesAhead } from "../batches-ahead.js";
import { type Learning, type Prepared, type Surroundings, watching } from "../modality.js";
import type { BatchThreadOptions } from "./batch-thread.js";
import { soundBatches } from "./batches.js";
import { buildSound, type Choices, windowOf } from "./build.js";
import { openPreparedSound, type PreparedSound, splitOf, writeSound } from "./prepared.js";
import type { SoundRecipe } from "./recipe.js";
import { soundSampler } from "./sample.js";

/** Looks the clips through. They are decoded while they are written. */
export async function prepareSound(
  recipe: SoundRecipe,
  around: Surroundings,
): Promise<Prepared<SoundRecipe>> {
  const set = await openClips({ paths: pathsOf(recipe), names: recipe.data.names });
  const choices = choicesOf(set, recipe);
  const { task } = buildSound(recipe, choices);
  return {
    ...{ recipe, task },
    async write(data) {
      await writeSound(set, recipe, data, watching(around, "clips decoded"));
      return learningOf(recipe, await openPreparedSound(data), around);
    },
  };
}

/** What a run goes on with. */
export async function openRunSound(
  recipe: SoundRecipe,
  data: Folder,
  around: Surroundings,
): Promise<Learning> {
  return learningOf(recipe, await openPreparedSound(data), around);
}

function pathsOf({ data: { path } }: SoundRecipe): string[] {
  if (path !== undefined) return [path].flat();
  throw new RecipeError(
    "there are no clips to learn from",
    "data.path is missing",
    "give --data.path: a folder or zip of recordings with a class a folder",
  );
}

/** Throws `RecipeError` where a batch holds more clips than there are. */
function choicesOf(set: ClipSet, recipe: SoundRecipe): Choices {
  const { train } = splitOf(set, recipe);
  requireBatch(train.length, recipe);
  const speakers = [...new Set(train.flatMap(({ speaker }) => speaker ?? []))].sort();
  return { classes: set.classes, speakers };
}

function requireBatch(count: number, { training: { batchSize } }: SoundRecipe): void {
  if (count >= batchSize) return;
  throw new RecipeError(
    "there are fewer clips than a batch holds",
    `${count} to learn from, training.batchSize ${batchSize}`,
    `give more clips, or set training.batchSize to ${count} or less`,
  );
}

function learningOf(recipe: SoundRecipe, sound: PreparedSound, around: Surroundings): Learning {
  const { training, features, objective } = recipe;
  const shift = objective.kind === "flowMatching" ? objective.shift : 1;
  const generation = { ...recipe.generation, shift };
  const { classes, speakers, scaling, location, train, validation } = sound;
  requireBatch(train.clips.length, recipe);
  const built = buildSound(recipe, sound);
  const { mel, frames } = windowOf(recipe);
  const notes = { classes, speakers, generation, mel, scaling, lead: features.augment.shift };
  return {
    task: built.task,
    steps: stepsOf(training, train.clips.length / training.batchSize),
    data: batchesAhead<BatchThreadOptions>(
      soundBatches(sound, recipe),
      import.meta.url,
      { location, recipe },
      around,
    ),
    leftOut: sound.leftOut,
    notes: sound.notes,
    description: {
      model: recipe.model.kind,
      parameters: built.model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0),
      details: [
        `${frames} frames of ${mel.bands} bands, ${((frames * mel.hop) / mel.sampleRate).toFixed(2)} s`,
        `${classes.length} classes`,
        ...(speakers.length > 0 ? [`${speakers.length} speakers`] : []),
      ],
      ...{ train: train.clips.length, validation: validation.clips.length, unit: "clips" },
    },
    save: (to, { all }) => saveSoundModel(to, built, all, notes),
    sampler:
      built.kind === "denoiser"
        ? (weights, { runtime }) => soundSampler(runtime, built.model, weights, { ...notes, generation })
        : undefined,
    next: (folder) =>
      built.kind === "denoiser"
        ? [
            `npx autodidact generate ${folder}${classes[0] ? ` --class ${quoted(classes[0])}` : ""} --out sounds.wav`,
            `npx autodidact evaluate ${folder} --metric neighbours`,
          ]
        : [`npx autodidact classify ${folder} clip.wav`],
  };
}
