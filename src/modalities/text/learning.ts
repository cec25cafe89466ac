/** What a run on text learns: a decoder, its data, and what a checkpoint holds. */
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../files/folder.js";
import { saveAdapter } from "../../interop/adapter.js";
import { saveModel } from "../../interop/model-folder.js";
import type { Decoder } from "../../models/decoder.js";
import type { Weights } from "../../nn/weights.js";
import { languageTask } from "../../objectives/task.js";
import type { Learning, Prepared, Surroundings, Trained } from "../modality.js";
import { type Base, learnsToChat, openBase, withChat } from "./base.js";
import { buildModel, buildObjective } from "./build.js";
import { checkRecipe } from "./check-recipe.js";
import { flopsPerToken } from "./flops.js";
import type { RunData } from "./formats/data-format.js";
import { checkData, readData, writeData } from "./prepare.js";
import type { TextRecipe } from "./recipe.js";
import { textSampler } from "./sample.js";

export interface TextLearning extends Learning {
  readonly tokenizer: Tokenizer;
  readonly model: Decoder;
}

/** Reads all of the text and trains the tokenizer. */
export async function prepareText(
  recipe: TextRecipe,
  around: Surroundings,
): Promise<Prepared<TextRecipe> & { write(data: Folder): Promise<TextLearning> }> {
  checkRecipe(recipe);
  const checked = await checkData(recipe, around, await openBase(recipe, around));
  const noted = withFolder(recipe, checked.base);
  const trained = trainedBy(noted, checked.tokenizer, checked.base);
  const write = async (folder: Folder) =>
    learningOf(noted, trained, await writeData(checked, noted, folder), checked.base);
  return { recipe: noted, ...trained, write };
}

/** What a run goes on with. */
export async function openText(
  recipe: TextRecipe,
  folder: Folder,
  around: Surroundings,
): Promise<TextLearning> {
  checkRecipe(recipe);
  const plain = await openBase(recipe, around);
  const base = plain && learnsToChat(recipe, plain.tokenizer) ? withChat(plain, recipe) : plain;
  const data = await readData(recipe, folder, base);
  return learningOf(recipe, trainedBy(recipe, data.tokenizer, base), data, base);
}

/** The recipe with the place of its pretrained model, so that the run goes on from the very same. */
function withFolder(recipe: TextRecipe, base: Base | undefined): TextRecipe {
  if (!base || recipe.model.kind !== "pretrained") return recipe;
  return { ...recipe, model: { ...recipe.model, from: base.name, folder: base.folder } };
}

const loraOf = (model: TextRecipe["model"]) => (model.kind === "pretrained" ? model.lora : undefined);

interface TrainedDecoder extends Trained {
  readonly model: Decoder;
  readonly steps: number;
}

function trainedBy(recipe: TextRecipe, tokenizer: Tokenizer, base: Base | undefined): TrainedDecoder {
  const { data, model: modelRecipe, objective, training } = recipe;
  const model = modelRecipe.kind === "pretrained" ? base!.model : buildModel(modelRecipe, tokenizer);
  const { batchSize, sequenceLength = model.contextLength, steps } = training;
  const shape = { batchSize, contextLength: sequenceLength };
  const task = languageTask(model, shape, buildObjective(objective, data));
  return { model, task, steps, start: { pretrained: base?.weights, lora: loraOf(modelRecipe) } };
}

function learningOf(
  recipe: TextRecipe,
  { model, ...trained }: TrainedDecoder,
  { tokenizer, data, sizes, leftOut, notes }: RunData,
  base: Base | undefined,
): TextLearning {
  const { kind, ...rest } = recipe.model;
  const parameters = model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0);
  return {
    ...{ ...trained, model, tokenizer, leftOut, notes },
    data:
      typeof data === "function"
        ? (weights, { runtime }) =>
            data({ runtime, model, tokenizer, weights, endTokens: base?.generation?.endTokens })
        : data,
    description: {
      ...{ model: "from" in rest ? rest.from : kind, parameters },
      details: [`vocabulary ${tokenizer.vocabSize}`],
      ...sizes,
    },
    flopsPerUnit: flopsPerToken(model),
    save: (to, { trained }) => save(to, trained, recipe, { model, tokenizer, base }),
    sampler: (weights, { runtime }) => textSampler(recipe, { runtime, model, tokenizer, weights }),
    next: (folder) => nextOf(recipe, tokenizer, folder),
  };
}

function save(
  to: Folder,
  weights: Weights,
  { model: modelRecipe, generation }: TextRecipe,
  { model, tokenizer, base }: { model: Decoder; tokenizer: Tokenizer; base: Base | undefined },
): Promise<void> {
  const lora = loraOf(modelRecipe);
  if (lora) return saveAdapter(to, { lora, base: base!.name, weights }, model, tokenizer);
  const { prompt: _, ...own } = generation;
  const defaults = { ...own, endTokens: base?.generation?.endTokens };
  return saveModel(to, { model, weights, tokenizer, generation: defaults });
}

function nextOf(recipe: TextRecipe, tokenizer: Tokenizer, folder: string): string[] {
  const { data, generation } = recipe;
  const measure = data.format === "notes" ? [`npx autodidact evaluate ${folder} --metric notes`] : [];
  if (learnsToChat(recipe, tokenizer)) {
    return [...measure, `npx autodidact chat ${folder}`, `npx autodidact serve ${folder} --port 8080`];
  }
  const prompt = generation.prompt.split("\n")[0] || "Once";
  return [
    `npx autodidact generate ${folder} --prompt ${JSON.stringify(prompt)} --max-tokens 200`,
    ...(measure.length > 0 ? measure : [`npx autodidact evaluate ${folder}`]),
    'npx autodidact train gpt-small --data.files "your/texts/**/*.txt"',
  ];
}
