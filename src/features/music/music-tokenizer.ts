import { tokenizerFromJson } from "../tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { wordLevelJson } from "../tokenizer/word-level.js";
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
  return tokenizerFromJson(wordLevelJson({ tokens: [...special, ...words], special, unknown: endOfPiece }));
}
