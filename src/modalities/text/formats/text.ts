/** Text as tokens: what next-token training reads windows of. */
import { describeLeftOut } from "../../../data/reading.js";
import { tokenWindows } from "../../../data/text/batches.js";
import { openCorpus } from "../../../data/text/corpus.js";
import type { Piece } from "../../../data/text/document.js";
import { prepareTokens } from "../../../data/text/prepare.js";
import { type EncodePiece, openShards } from "../../../data/text/shards.js";
import { encodeText, type Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import { DataError } from "../../../files/errors.js";
import { RecipeError } from "../../../recipe/errors.js";
import { watching } from "../../modality.js";
import type { Base } from "../base.js";
import { buildTokenizer } from "../build.js";
import type { CheckedData, DataFormat } from "./data-format.js";
import { counted } from "./examples.js";

/** Reads the text, trains the tokenizer, and makes sure that each split fills a window. */
export const text: DataFormat = {
  async check(recipe, around, base, rowLength): Promise<CheckedData> {
    const { data, features, training } = recipe;
    const corpus = await openCorpus({ ...data, seed: training.seed, ...watching(around, "bytes read") });
    const tokenizer = await buildTokenizer(features, corpus, around, base?.tokenizer);
    requireFit(tokenizer, base);
    const encode = encodePiece(tokenizer);
    for (const name of ["train", "validation"] as const) {
      const wanted = name === "train" ? rowLength + 1 : 2;
      const tokens = await countUpTo(wanted, corpus[name](), encode);
      if (tokens >= wanted) continue;
      throw new DataError(
        `the ${name} split is too short for one window`,
        `${tokens} tokens, ${rowLength} a row`,
        "give more text, or lower training.sequenceLength, model.contextLength or data.validationFraction",
      );
    }
    const { vocabSize } = tokenizer;
    const write = async (folder: Parameters<CheckedData["write"]>[0]) => {
      await prepareTokens({ corpus, encode, vocabSize, folder, ...watching(around, "bytes made tokens") });
    };
    const { duplicates, empty, leftOut: bad } = corpus.stats;
    const known = counted({ "repeating an earlier document": duplicates, "without text": empty });
    const leftOut = [...known, ...describeLeftOut(bad)];
    return { tokenizer, base, leftOut, write };
  },

  async open(folder, { training }, rowLength) {
    const train = await openShards(folder.folder("train"));
    const validation = await openShards(folder.folder("validation"));
    const shape = { batchSize: training.batchSize, contextLength: rowLength };
    const sizes = { train: train.tokenCount, validation: validation.tokenCount, unit: "tokens" };
    return { data: tokenWindows({ train, validation }, shape, training.seed), sizes };
  },
};

/** Throws `RecipeError` for a tokenizer of another model, as far as its size tells. */
function requireFit({ vocabSize }: Tokenizer, base: Base | undefined): void {
  if (!base || vocabSize <= base.model.vocabSize) return;
  throw new RecipeError(
    "the tokenizer has more tokens than the pretrained model",
    `${vocabSize} against ${base.model.vocabSize} in ${base.folder}`,
    "leave features.folder out: the model has its own tokenizer",
  );
}

/** A piece as tokens, with the tokens that begin and end each document where the tokenizer has such. */
function encodePiece(tokenizer: Tokenizer): EncodePiece {
  const end = tokenizer.endOfText;
  return (text, isEnd, isStart) => {
    const ids = isStart ? encodeText(tokenizer, text) : tokenizer.encode(text);
    if (!isEnd || end === undefined) return ids;
    const ended = new Int32Array(ids.length + 1);
    ended.set(ids);
    ended[ids.length] = end;
    return ended;
  };
}

async function countUpTo(limit: number, pieces: AsyncIterable<Piece>, encode: EncodePiece): Promise<number> {
  let count = 0;
  for await (const { text, isEnd, isStart } of pieces) {
    count += encode(text, isEnd, isStart).length;
    if (count >= limit) break;
  }
  return count;
}
