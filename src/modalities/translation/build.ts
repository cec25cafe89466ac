/** From a resolved recipe for translation to its model and objective. */

import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { endToken, padToken, specialId } from "../../features/tokenizer/translation-tokens.js";
import type { SavedTranslator } from "../../interop/translator-folder.js";
import type { EncoderDecoder } from "../../models/encoder-decoder.js";
import { t5 } from "../../models/t5.js";
import { inUnits, t5Units, type Units } from "../../models/training-units.js";
import type { SequenceObjective } from "../../objectives/sequence-objective.js";
import { sequenceToSequence } from "../../objectives/sequence-to-sequence.js";
import type { TranslationRecipe } from "./recipe.js";

/** A model as it is saved, and as it is trained: with parameters in other units. */
export interface BuiltTranslator {
  readonly saved: EncoderDecoder;
  readonly trained: EncoderDecoder;
  readonly unitOf: Units;
}

/** A recipe's model for a vocabulary, or the one that it starts from. Throws `ModelError` for sizes that do not fit. */
export function buildTranslator(
  { model }: TranslationRecipe,
  vocabSize: number,
  base: SavedTranslator | undefined,
): BuiltTranslator {
  const saved = base ? base.model : t5({ ...(model as Extract<typeof model, { kind: "t5" }>), vocabSize });
  const unitOf = t5Units(saved);
  return { saved, trained: inUnits(saved, unitOf), unitOf };
}

/** What the model learns. It needs of it no more than the places to drop values out at, so that a thread can make batches. */
export function buildObjective(
  { objective: { dropout, labelSmoothing } }: TranslationRecipe,
  tokenizer: Tokenizer,
  dropoutSites: number,
): SequenceObjective<EncoderDecoder> {
  const [pad, end] = [padToken, endToken].map((token) => specialId(tokenizer, token));
  return sequenceToSequence({ padToken: pad, endToken: end, labelSmoothing, dropout, dropoutSites });
}
