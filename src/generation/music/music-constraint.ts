import type { Alphabet } from "../../features/music/alphabet.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { TokenConstraint } from "../grammar/constraint.js";

/** What is written already, and how much is to come. */
export interface MusicConstraintOptions {
  /** The words that stand right before, from the beginning of a bar on. */
  readonly before: readonly string[];
  /** It is whole when so many bars are: the word that would begin another is the last. */
  readonly bars: number;
}

/** Only words that make music may come, and no more than so many bars. */
export function musicConstraint(
  tokenizer: Tokenizer,
  alphabet: Alphabet,
  { before, bars }: MusicConstraintOptions,
): TokenConstraint {
  const grammar = alphabet.grammar();
  for (const word of before) grammar.accept(word);
  const words = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id)!);
  const known = new Set(alphabet.words);
  const end = tokenizer.endOfText;
  let begun = 0;
  return {
    mask(logits) {
      for (let id = 0; id < logits.length; id++) {
        const word = words[id];
        const isEnd = id === end && begun === bars && grammar.mayEnd;
        if (!isEnd && !(known.has(word) && grammar.allows(word))) logits[id] = Number.NEGATIVE_INFINITY;
      }
    },
    accept(id) {
      if (words[id] === alphabet.barWord) begun++;
      grammar.accept(words[id]);
    },
    get isComplete() {
      return begun > bars;
    },
  };
}
