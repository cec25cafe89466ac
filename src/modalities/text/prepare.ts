/** Steps 1 and 2 of a run: its files become a tokenizer and what training reads, in the run's `data/`. */
import { AutodidactError } from "../../core/errors.js";
import { loadTokenizer, saveTokenizer } from "../../features/tokenizer/load-tokenizer.js";
import { type Tokenizer, TokenizerError } from "../../features/tokenizer/tokenizer.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readName } from "../../training/checkpoint.js";
import type { Base } from "./base.js";
import type { CheckedData, DataKind, RunData, Surroundings } from "./formats/data-format.js";
import { RecipeError, RunError } from "../../recipe/errors.js";
import { chat } from "./formats/chat.js";
import { preferences } from "./formats/preferences.js";
import { text } from "./formats/text.js";
import type { Recipe } from "./recipe.js";

const kinds: Record<Recipe["data"]["format"], DataKind> = { text, chat, preferences };

/** Tokens a row of a batch. Throws `RecipeError` when the model cannot see as many. */
export function rowLengthOf({ model, training }: Recipe, base: Base | undefined): number {
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
  recipe: Recipe,
  around: Surroundings,
  base: Base | undefined,
): Promise<CheckedData> {
  const checked = await kinds[recipe.data.format].check(recipe, around, base, rowLengthOf(recipe, base));
  checkPrompt(recipe.generation.prompt, checked.tokenizer);
  return checked;
}

/** Writes tokenizer and examples into the run's `data/` and opens them. */
export async function writeData(
  { tokenizer, base, leftOut, write }: CheckedData,
  recipe: Recipe,
  run: Folder,
): Promise<RunData> {
  const folder = run.folder("data");
  await saveTokenizer(tokenizer, folder.folder("tokenizer"));
  await write(folder);
  return { ...(await readData(recipe, run, base)), leftOut };
}

/** The data that `writeData` wrote. Throws `ShardError` or `TokenizerError` when they are not whole. */
async function readData(recipe: Recipe, run: Folder, base: Base | undefined): Promise<RunData> {
  const folder = run.folder("data");
  const tokenizer = await loadTokenizer(folder.folder("tokenizer"));
  return { tokenizer, ...(await kinds[recipe.data.format].open(folder, recipe, rowLengthOf(recipe, base))) };
}

/**
 * The data of a run that goes on. Where a kill left them incomplete they are made again, unless there is a
 * checkpoint: it has learned from data that might now come out otherwise.
 */
export async function openData(
  recipe: Recipe,
  run: Folder,
  around: Surroundings,
  base: Base | undefined,
): Promise<RunData> {
  try {
    return await readData(recipe, run, base);
  } catch (error) {
    if (!(error instanceof ShardError || error instanceof TokenizerError)) throw error;
    const checkpoint = await readName(run, "latest");
    if (checkpoint === undefined) return writeData(await checkData(recipe, around, base), recipe, run);
    throw new RunError(
      "the data that a run learns from cannot be read",
      `${error.what} ${error.values}; its checkpoint ${checkpoint} is of these data`,
      "restore the run's data/ from a copy, or start a new run",
      { cause: error },
    );
  }
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
