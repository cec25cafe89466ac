/** Steps 1 and 2 of a run: its text becomes a tokenizer and tokens in the run's `data/`. */
import { AutodidactError } from "../core/errors.js";
import { type Corpus, openCorpus } from "../data/corpus.js";
import { DataError, ShardError } from "../data/errors.js";
import type { Folder } from "../data/folder.js";
import { type PreparedTokens, prepareTokens } from "../data/prepare.js";
import { type EncodePiece, openShards } from "../data/shards.js";
import { loadTokenizer, saveTokenizer } from "../features/load-tokenizer.js";
import { type Tokenizer, TokenizerError } from "../features/tokenizer.js";
import { readName } from "../training/checkpoint.js";
import { buildTokenizer } from "./build.js";
import { RecipeError, RunError } from "./errors.js";
import type { Recipe } from "./recipe.js";

/** A text that has been read through and found fit, and its tokenizer. Nothing is written yet. */
export interface CheckedText {
  readonly corpus: Corpus;
  readonly tokenizer: Tokenizer;
}

/** What a run learns from. */
export interface RunData {
  readonly tokenizer: Tokenizer;
  readonly tokens: PreparedTokens;
}

/** Reads the text, trains the tokenizer, and makes sure that each split fills a window. Writes nothing. */
export async function checkText(
  { data, features, model, training, generation }: Recipe,
  openFolder: (path: string) => Folder,
): Promise<CheckedText> {
  const corpus = await openCorpus({ ...data, seed: training.seed });
  const tokenizer = await buildTokenizer(features, corpus, openFolder);
  const encode = encodePiece(tokenizer);
  for (const name of ["train", "validation"] as const) {
    const wanted = name === "train" ? model.contextLength + 1 : 2;
    const tokens = await countUpTo(wanted, corpus[name](), encode);
    if (tokens >= wanted) continue;
    throw new DataError(
      `the ${name} split is too short for one window`,
      `${tokens} tokens, context ${model.contextLength}`,
      "give more text, or lower model.contextLength or data.validationFraction",
    );
  }
  checkPrompt(generation.prompt, tokenizer);
  return { corpus, tokenizer };
}

/** Writes tokenizer and tokens into the run's `data/`. */
export async function writeData({ corpus, tokenizer }: CheckedText, run: Folder): Promise<RunData> {
  const folder = run.folder("data");
  await saveTokenizer(tokenizer, folder.folder("tokenizer"));
  const { vocabSize } = tokenizer;
  const tokens = await prepareTokens({ corpus, encode: encodePiece(tokenizer), vocabSize, folder });
  return { tokenizer, tokens };
}

/**
 * The data of a run that goes on. Where a kill left them incomplete they are made again, unless there is a
 * checkpoint: it has learned from tokens that might now come out otherwise.
 */
export async function openData(
  recipe: Recipe,
  run: Folder,
  openFolder: (path: string) => Folder,
): Promise<RunData> {
  const data = run.folder("data");
  try {
    const tokenizer = await loadTokenizer(data.folder("tokenizer"));
    const train = await openShards(data.folder("train"));
    return { tokenizer, tokens: { train, validation: await openShards(data.folder("validation")) } };
  } catch (error) {
    if (!(error instanceof ShardError || error instanceof TokenizerError)) throw error;
    const checkpoint = await readName(run, "latest");
    if (checkpoint === undefined) return writeData(await checkText(recipe, openFolder), run);
    throw new RunError(
      "the data that a run learns from cannot be read",
      `${error.what} ${error.values}; its checkpoint ${checkpoint} is of these data`,
      "restore the run's data/ from a copy, or start a new run",
      { cause: error },
    );
  }
}

/** A piece as tokens, with the end-of-text token after each document where the tokenizer has one. */
function encodePiece(tokenizer: Tokenizer): EncodePiece {
  const end = tokenizer.endOfText;
  return (text, isEnd) => {
    const ids = tokenizer.encode(text);
    if (!isEnd || end === undefined) return ids;
    const ended = new Int32Array(ids.length + 1);
    ended.set(ids);
    ended[ids.length] = end;
    return ended;
  };
}

async function countUpTo(
  limit: number,
  pieces: AsyncIterable<{ text: string; isEnd: boolean }>,
  encode: EncodePiece,
): Promise<number> {
  let count = 0;
  for await (const { text, isEnd } of pieces) {
    count += encode(text, isEnd).length;
    if (count >= limit) break;
  }
  return count;
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
