/** What a run on music learns: a decoder of words of music, prepared pieces, and what a checkpoint holds. */

import { numSymbols, stepsPerBar, voices } from "../../features/music/chorale-words.js";
import type { Folder } from "../../files/folder.js";
import { saveGrid } from "../../interop/grid-folder.js";
import { saveModel } from "../../interop/model-folder.js";
import { llama } from "../../models/llama.js";
import { maskedGrid } from "../../models/masked-grid.js";
import type { Parameter } from "../../nn/parameter.js";
import { anyOrderTask } from "../../objectives/any-order.js";
import { nextToken } from "../../objectives/next-token.js";
import { languageTask } from "../../objectives/task.js";
import { RecipeError } from "../../recipe/errors.js";
import { stepsOf } from "../base.js";
import type { Learning, Prepared, Surroundings } from "../modality.js";
import { flopsPerToken } from "../text/flops.js";
import { musicBatches } from "./batches.js";
import { gridBatches } from "./grid-batches.js";
import { readMusic } from "./pieces.js";
import { openMusic, type PreparedMusic, writeMusic } from "./prepared.js";
import type { DecoderSizes, GridSizes, MusicRecipe } from "./recipe.js";
import { musicSampler } from "./sample.js";

/** Reads and spells every piece. */
export async function prepareMusic(
  recipe: MusicRecipe,
  around: Surroundings,
): Promise<Prepared<MusicRecipe>> {
  checkParts(recipe);
  const set = await readMusic(recipe, around);
  return {
    recipe,
    async write(data) {
      await writeMusic(set, recipe, data);
      return openRunMusic(recipe, data);
    },
  };
}

/** What a run goes on with. */
export async function openRunMusic(recipe: MusicRecipe, data: Folder): Promise<Learning> {
  checkParts(recipe);
  const prepared = await openMusic(data);
  const { model } = recipe;
  return model.kind === "llama" ? decoderOf(recipe, model, prepared) : gridOf(recipe, model, prepared);
}

/** Throws `RecipeError` for a model that does not learn by the objective, or not of these words. */
function checkParts({ model, objective, features }: MusicRecipe): void {
  const isGrid = model.kind === "maskedGrid";
  if (isGrid === (objective.kind === "anyOrder") && (!isGrid || features.kind === "chorales")) return;
  throw new RecipeError(
    "model, objective and features do not go together",
    `model.kind ${model.kind}, objective.kind ${objective.kind}, features.kind ${features.kind}`,
    "a llama learns by nextToken; a maskedGrid by anyOrder, of features of the kind chorales",
  );
}

function decoderOf(recipe: MusicRecipe, sizes: DecoderSizes, prepared: PreparedMusic): Learning {
  const { objective, training, generation } = recipe;
  const { tokenizer, alphabet, train } = prepared;
  const { contextLength } = sizes;
  const { batchSize } = training;
  const model = llama({ ...sizes, vocabSize: tokenizer.vocabSize });
  const zLoss = objective.kind === "nextToken" ? objective.zLoss : 0;
  const { bars: _, ...sampling } = generation;
  return {
    ...described(sizes.kind, model.parameters, prepared),
    data: musicBatches(prepared, recipe, contextLength),
    task: languageTask(model, { batchSize, contextLength }, nextToken({ zLoss })),
    steps: stepsOf(training, train.words.tokenCount / (batchSize * contextLength)),
    flopsPerUnit: flopsPerToken(model),
    save: (to, { all }) =>
      saveModel(to, { model, weights: all, tokenizer, generation: sampling, music: alphabet.name }),
    sampler: (weights, { runtime }) => musicSampler(recipe, prepared, { runtime, model, weights }),
    next: (folder) => [
      `npx autodidact generate ${folder} --bars 16 --out song.mid`,
      `npx autodidact generate ${folder} --bars 16 --out song.wav`,
      `npx autodidact evaluate ${folder}`,
    ],
  };
}

async function gridOf(recipe: MusicRecipe, sizes: GridSizes, prepared: PreparedMusic): Promise<Learning> {
  const { training } = recipe;
  const { bars, ...rest } = sizes;
  const model = maskedGrid({ ...rest, steps: bars * stepsPerBar, numVoices: voices.length, numSymbols });
  const { data, count } = await gridBatches(prepared, recipe, model);
  return {
    ...described(sizes.kind, model.parameters, prepared),
    data,
    task: anyOrderTask(model, training.batchSize),
    steps: stepsOf(training, count / training.batchSize),
    save: (to, { all }) => saveGrid(to, model, all),
    next: (folder) => [
      `npx autodidact generate ${folder} --harmonise melody.mid --out chorale.mid`,
      `npx autodidact evaluate ${folder}`,
    ],
  };
}

function described(
  model: string,
  parameters: readonly Parameter[],
  { alphabet, train, validation, leftOut, notes }: PreparedMusic,
): Pick<Learning, "description" | "leftOut" | "notes"> {
  return {
    ...{ leftOut, notes },
    description: {
      model,
      parameters: parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0),
      details: [`${alphabet.words.length} words of ${alphabet.name}`, `${train.words.tokenCount} in all`],
      ...{ train: train.pieces.length, validation: validation.pieces.length, unit: "pieces" },
    },
  };
}
