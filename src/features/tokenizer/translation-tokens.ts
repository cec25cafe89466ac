/** Tokens with a meaning of their own in vocabularies for translation. */
import { type Tokenizer, TokenizerError } from "./tokenizer.js";

/** Fills up rows, and stands before a translation's first token, as in T5. */
export const padToken = "<pad>";
/** Ends a sentence, as in T5. */
export const endToken = "</s>";
/** Stands for a span that is to be told, as in BART. */
export const maskToken = "<mask>";
/** Stand for what is no language and must survive: placeholders, markup, addresses. */
export const placeholderTokens: readonly string[] = Array.from({ length: 10 }, (_, i) => `<ph${i}>`);

/** Stands before a source: in which language its translation is to be, as in Marian's multilingual models. */
export const languageToken = (language: string) => `>>${language}<<`;

/** All of a vocabulary for these languages. */
export function translationTokens(languages: readonly string[]): string[] {
  return [padToken, endToken, maskToken, ...placeholderTokens, ...languages.map(languageToken)];
}

/** The languages that a vocabulary has a token for. */
export function languagesOf({ specialTokens }: Pick<Tokenizer, "specialTokens">): string[] {
  return [...specialTokens.keys()].flatMap((token) => /^>>(.+)<<$/.exec(token)?.slice(1) ?? []);
}

/** The id of a special token. Throws `TokenizerError` where there is none of that name. */
export function specialId({ specialTokens }: Pick<Tokenizer, "specialTokens">, token: string): number {
  const id = specialTokens.get(token);
  if (id !== undefined) return id;
  throw new TokenizerError(
    "the vocabulary has no token of that name",
    `${JSON.stringify(token)}; special tokens: ${[...specialTokens.keys()].join(" ") || "none"}`,
    "use a tokenizer that was made for translation",
  );
}
