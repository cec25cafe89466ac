/** What a tokenizer of whole words knows. */
export interface WordLevel {
  /** All tokens, the special ones among them, in the order of their ids. */
  readonly tokens: readonly string[];
  /** Those that are no words of a text. */
  readonly special: readonly string[];
  /** The token of a word that is not known. */
  readonly unknown: string;
}

/** A `tokenizer.json` of the kind WordLevel, whose words stand apart by spaces; Hugging Face's libraries read it. */
export function wordLevelJson({ tokens, special, unknown }: WordLevel): Record<string, unknown> {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content) => ({
      ...{ id: tokens.indexOf(content), content, special: true, single_word: false },
      ...{ lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(tokens.map((word, id) => [word, id])),
      unk_token: unknown,
    },
  };
}
