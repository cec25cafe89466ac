/** From a resolved recipe's values to the things they describe. */
import type { Corpus } from "../../data/text/corpus.js";
import { trainBpe } from "../../features/tokenizer/bpe-trainer.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../../features/tokenizer/character-tokenizer.js";
import { loadTokenizer } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Decoder } from "../../models/decoder.js";
import { gemma3 } from "../../models/gemma3.js";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import { dpo } from "../../objectives/dpo.js";
import { grpo } from "../../objectives/grpo.js";
import { nextToken } from "../../objectives/next-token.js";
import type { Objective } from "../../objectives/objective.js";
import { RecipeError } from "../../recipe/errors.js";
import { type Surroundings, watching } from "../modality.js";
import type { TextRecipe } from "./recipe.js";

/** Separates documents, where the tokenizer has it. */
export const endOfText = "<|endoftext|>";

/**
 * The recipe's tokenizer, trained on the corpus where its kind is trained: characters on all of it, so that
 * every text of the corpus can be written, byte pairs on the training split.
 */
export async function buildTokenizer(
  features: TextRecipe["features"],
  corpus: Corpus,
  around: Surroundings,
  pretrained?: Tokenizer,
): Promise<Tokenizer> {
  const several = corpus.stats.documents > 1;
  const specialTokens = several ? [endOfText] : [];
  switch (features.kind) {
    case "character":
      return trainCharacterTokenizer(texts(corpus.all(watching(around, "bytes read"))), { specialTokens });
    case "byte":
      return byteTokenizer({ specialTokens: [endOfText] });
    case "bpe":
      return trainBpe(texts(corpus.train(watching(around, "bytes of words counted"))), {
        ...watching(around, "pairs merged"),
        vocabSize: features.vocabSize,
        specialTokens: [endOfText],
      });
    case "pretrained":
      return features.folder === undefined && pretrained
        ? pretrained
        : loadTokenizer(around.openFolder(features.folder ?? "."));
  }
}

async function* texts(pieces: AsyncIterable<{ text: string }>): AsyncIterable<string> {
  for await (const { text } of pieces) yield text;
}

/** A recipe's fresh model for a vocabulary. Throws `RecipeError` when the recipe's own is smaller. */
export function buildModel(
  model: Exclude<TextRecipe["model"], { kind: "pretrained" }>,
  tokenizer: Tokenizer,
): Decoder {
  const vocabSize = model.vocabSize ?? tokenizer.vocabSize;
  if (vocabSize < tokenizer.vocabSize) {
    throw new RecipeError(
      "the model's vocabulary is smaller than its tokenizer's",
      `model.vocabSize ${vocabSize}, tokenizer ${tokenizer.vocabSize}`,
      `raise model.vocabSize to ${tokenizer.vocabSize} or leave it out`,
    );
  }
  switch (model.kind) {
    case "gpt2":
      return gpt2({ ...model, vocabSize });
    case "llama":
      return llama({ ...model, vocabSize });
    case "gemma3":
      return gemma3({ ...model, vocabSize });
  }
}

export function buildObjective(
  objective: TextRecipe["objective"],
  { format }: TextRecipe["data"],
): Objective {
  switch (objective.kind) {
    case "dpo":
      return dpo(objective);
    case "grpo":
      return grpo(objective);
    case "nextToken":
      return nextToken({ ...objective, packed: format === "chat" || format === "notes" });
  }
}
