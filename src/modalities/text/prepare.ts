/** Steps 1 and 2 of a run: its files become a tokenizer and what training reads, in the run's `data/`. */
import { AutodidactError } from "../../core/errors.js";
import { loadTokenizer, saveTokenizer } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../files/folder.js";
import { RecipeError } from "../../recipe/errors.js";
import type { Surroundings } from "../modality.js";
import type { Base } from "./base.js";
import { chat } from "./formats/chat.js";
import type { CheckedData, DataFormat, RunData } from "./formats/data-format.js";
import { notes } from "./formats/notes.js";
import { preferences } from "./formats/preferences.js";
import { ranked } from "./formats/ranked.js";
import { tasks } from "./formats/tasks.js";
import { text } from "./formats/text.js";
import type { TextRecipe } from "./recipe.js";

const kinds: Record<TextRecipe["data"]["format"], DataFormat> = { text, chat, preferences, notes, tasks };

const formatOf = ({ data, objective }: TextRecipe): DataFormat =>
  data.format === "tasks" && objective.kind === "dpo" ? ranked : kinds[data.format];

/** Tokens a row of a batch. Throws `RecipeError` when the model cannot see as many. */
export function rowLengthOf({ model, training }: TextRecipe, base: Base | undefined): number {
  const context = model.kind === "pretrained" ? base!.model.contextLength : model.contextLength;
  const { sequenceLength = context } = training;
  if (sequenceLength <= context) return sequenceLength;
  throw new RecipeError(
    "the rows are longer than the model's context",
    `training.sequenceLength ${sequenceLength}, context ${context}`,
    `lower training.sequenceLength to ${context} or less`,
  );
}

/** Reads the data and trains the tokenizer. Writes nothing. */
export async function checkData(
  recipe: TextRecipe,
  around: Surroundings,
  base: Base | undefined,
): Promise<CheckedData> {
  const checked = await formatOf(recipe).check(recipe, around, base, rowLengthOf(recipe, base));
  checkPrompt(recipe.generation.prompt, checked.tokenizer);
  return checked;
}

/** Writes tokenizer and examples into a run's `data/` and opens them. */
export async function writeData(
  { tokenizer, base, leftOut, notes, write }: CheckedData,
  recipe: TextRecipe,
  folder: Folder,
): Promise<RunData> {
  await saveTokenizer(tokenizer, folder.folder("tokenizer"));
  await write(folder);
  return { ...(await readData(recipe, folder, base)), leftOut, notes };
}

/** The data that `writeData` wrote. Throws `ShardError` or `TokenizerError` when they are not whole. */
export async function readData(recipe: TextRecipe, folder: Folder, base: Base | undefined): Promise<RunData> {
  const tokenizer = await loadTokenizer(folder.folder("tokenizer"));
  return { tokenizer, ...(await formatOf(recipe).open(folder, recipe, rowLengthOf(recipe, base))) };
}

/** A prompt that cannot be encoded would stop the run at its first sample. */
function checkPrompt(prompt: string, tokenizer: Tokenizer): void {
  const refuse = (values: string, options?: ErrorOptions) =>
    new RecipeError(
      "the tokenizer cannot encode the prompt of the samples",
      `generation.prompt ${JSON.stringify(prompt)}: ${values}`,
      "give a prompt of characters that the text has, with --generation.prompt",
      options,
    );
  try {
    if (tokenizer.encode(prompt).length > 0 || tokenizer.endOfText !== undefined) return;
  } catch (cause) {
    if (cause instanceof AutodidactError) throw refuse(cause.values, { cause });
    throw cause;
  }
  throw refuse("without an end-of-text token the prompt cannot be empty");
}
