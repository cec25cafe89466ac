/** What a run on speech learns: a model, prepared recordings, and what a checkpoint holds. */
import { openRecordings } from "../../data/audio/recordings.js";
import { batchesPerPass } from "../../data/length-buckets.js";
import type { CtcVocabulary } from "../../features/tokenizer/ctc-vocabulary.js";
import type { Folder } from "../../files/folder.js";
import { FRAME_RATE } from "../../generation/speech/emissions.js";
import { openSpeechModel, type SavedSpeechModel, saveSpeechModel } from "../../interop/speech-folder.js";
import type { Weights } from "../../nn/weights.js";
import type { SpeechBatchShape } from "../../objectives/speech-objective.js";
import { RecipeError } from "../../recipe/errors.js";
import { locateBase, stepsOf } from "../base.js";
import { batchesAhead } from "../batches-ahead.js";
import { type Learning, type Prepared, type Surroundings, watching } from "../modality.js";
import type { BatchThreadOptions } from "./batch-thread.js";
import { speechBatches } from "./batches.js";
import { buildBatchObjective, buildSpeech, encoderOf } from "./build.js";
import { openPreparedSpeech, type PreparedSpeech, writeSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";
import { transcriptSampler } from "./sample.js";
import { speechSets, type UtteranceSet } from "./utterances.js";

/** Looks the recordings through. They are decoded while they are written: only then are their lengths known. */
export async function prepareSpeech(
  asked: SpeechRecipe,
  around: Surroundings,
): Promise<Prepared<SpeechRecipe>> {
  const recipe = overTrained(asked);
  const base = await openBase(recipe, around);
  const set = await openRecordings(recipe.data.path);
  const learnsTexts = recipe.objective.kind === "ctc";
  const withText = set.recordings.filter(({ text }) => text !== undefined).length;
  if (learnsTexts && withText === 0) {
    throw new RecipeError(
      "recordings without text cannot teach to write",
      `none of ${set.recordings.length} in ${recipe.data.path} (${set.layout}) has a text`,
      "put a .txt beside each or give a table of them; or learn from sound alone by the recipe speech-bestrq",
    );
  }
  if (!learnsTexts && recipe.features.augment.specAugment) {
    throw new RecipeError(
      "what BEST-RQ learns from is not to be hidden before it is told",
      "features.augment.specAugment with objective.kind bestRq",
      "leave specAugment out: the objective hides spans itself",
    );
  }
  requireSizes(recipe, learnsTexts, base?.saved);
  const { model } = recipe;
  const noted =
    base && model.kind === "pretrained" ? { ...recipe, model: { ...model, folder: base.folder } } : recipe;
  return {
    recipe: noted,
    async write(data) {
      await writeSpeech(set, noted, learnsTexts, data, watching(around, "recordings decoded"));
      return learningOf(noted, await openPreparedSpeech(data), base?.saved, around);
    },
  };
}

/** Throws what sizes that do not go together throw, before hours of sound are decoded; as if there were few symbols. */
function requireSizes(recipe: SpeechRecipe, learnsTexts: boolean, base: SavedSpeechModel | undefined): void {
  const vocabSize = learnsTexts ? 4 : undefined;
  const { encoder } = buildSpeech(recipe, vocabSize, base);
  buildBatchObjective(recipe, vocabSize, encoder.numLayers);
}

/** A Conformer that starts from a trained one is that one. */
function overTrained(recipe: SpeechRecipe): SpeechRecipe {
  const { model } = recipe;
  if (model.kind !== "conformer" || model.from === undefined) return recipe;
  return { ...recipe, model: { kind: "pretrained", from: model.from } };
}

/** What a run goes on with. */
export async function openRunSpeech(
  recipe: SpeechRecipe,
  data: Folder,
  around: Surroundings,
): Promise<Learning> {
  const base = await openBase(recipe, around);
  return learningOf(recipe, await openPreparedSpeech(data), base?.saved, around);
}

async function openBase({ model }: SpeechRecipe, around: Surroundings) {
  if (model.kind !== "pretrained") return undefined;
  const place = await locateBase(model, around);
  return { saved: await openSpeechModel(place), folder: place.location };
}

function learningOf(
  recipe: SpeechRecipe,
  prepared: PreparedSpeech,
  base: SavedSpeechModel | undefined,
  around: Surroundings,
): Learning {
  const { data, generation } = recipe;
  const { vocabulary } = prepared;
  const sets = speechSets(prepared, recipe, vocabulary);
  const built = buildSpeech(recipe, vocabulary?.tokens.length, base);
  const { saved, encoder, recogniser } = built;
  const { numLayers } = encoder;
  const batches = speechBatches(
    sets,
    recipe,
    buildBatchObjective(recipe, vocabulary?.tokens.length, numLayers),
  );
  const { utterances } = sets.train;
  const task = built.task(sets.shapes);
  return {
    task,
    start: { pretrained: base && weightsFor(base, vocabulary) },
    steps: stepsOf(recipe.training, batchesPerPass(sets.train.buckets)),
    data: batchesAhead<BatchThreadOptions>(
      batches,
      import.meta.url,
      { location: prepared.location, recipe, numLayers },
      around,
    ),
    leftOut: [...prepared.leftOut, ...sets.leftOut],
    notes: [...prepared.notes, ...unknownLetters(sets.validation, vocabulary)],
    description: {
      model: recipe.model.kind === "pretrained" ? recipe.model.from : recipe.model.kind,
      parameters: task.parameters.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0),
      details: [
        ...(vocabulary ? [`${vocabulary.tokens.length} symbols`] : []),
        `${minutesOf(sets.train).toFixed(1)} min, in batches of ${lengthsOf(sets.shapes)} s`,
      ],
      ...{ train: utterances.length, validation: sets.validation.utterances.length, unit: "recordings" },
    },
    save: (to, { all }) =>
      saveSpeechModel(to, saved, all, { vocabulary, language: data.language, generation }),
    sampler:
      recogniser &&
      ((weights, { runtime }) =>
        transcriptSampler(runtime, recogniser, weights, vocabulary!, sets.validation)),
    next: (folder) => nextOf(recogniser !== undefined, folder),
  };
}

/** Those of the pretrained weights that the new model has: the encoder's, and the head's where it tells the same symbols. */
function weightsFor(base: SavedSpeechModel, vocabulary: CtcVocabulary | undefined): Weights {
  const isSame = vocabulary !== undefined && String(vocabulary.tokens) === String(base.vocabulary?.tokens);
  const { parameters } = isSame ? base.model : encoderOf(base);
  return new Map(parameters.map(({ name }) => [name, base.weights.get(name)!]));
}

function minutesOf({ utterances, audio }: UtteranceSet): number {
  return utterances.reduce((sum, { samples }) => sum + samples, 0) / audio.sampleRate / 60;
}

const lengthsOf = (shapes: readonly SpeechBatchShape[]) =>
  shapes.map(({ batchSize, frames }) => `${batchSize} x ${(frames / FRAME_RATE).toFixed(1)}`).join(", ");

/** Letters to be validated with that nothing learned from has. */
function unknownLetters({ utterances }: UtteranceSet, vocabulary: CtcVocabulary | undefined): string[] {
  if (!vocabulary) return [];
  const unknown = new Set(utterances.flatMap(({ text }) => [...vocabulary.encode(text!).unknown.keys()]));
  return unknown.size > 0
    ? [`letters to be validated with that are not learned: ${[...unknown].join(" ")}`]
    : [];
}

function nextOf(isRecogniser: boolean, folder: string): string[] {
  if (!isRecogniser) return [`npx autodidact train speech-ctc --model.from ${folder} --data.path spoken.tsv`];
  return [`npx autodidact transcribe ${folder} talk.mp3`, `npx autodidact evaluate ${folder}`];
}
