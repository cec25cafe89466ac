import { tokenizerFromJson } from "../tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import type { Alphabet } from "./alphabet.js";

/** Ends a piece, and stands before its beginning. */
export const endOfPiece = "<|endoftext|>";
/** What goes before bars that are known, after those that are not, and before those to write. */
export const infillWords = {
  prefix: "<|fim_prefix|>",
  suffix: "<|fim_suffix|>",
  middle: "<|fim_middle|>",
} as const;

/** Words of music, apart by spaces, as ids: a `tokenizer.json` of the kind WordLevel, which Hugging Face's libraries read. */
export function musicTokenizer({ words }: Pick<Alphabet, "words">): Tokenizer {
  const special = [endOfPiece, ...Object.values(infillWords)];
  return tokenizerFromJson({
    version: "1.0",
    added_tokens: special.map((content, id) => ({
      ...{ id, content, special: true, single_word: false },
      ...{ lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries([...special, ...words].map((word, id) => [word, id])),
      unk_token: endOfPiece,
    },
  });
}
