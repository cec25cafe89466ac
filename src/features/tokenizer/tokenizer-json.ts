import type { AddedTokens } from "./added-tokens.js";

/** The parts of a `tokenizer.json` in which our tokenizers differ. */
export interface TokenizerJsonParts {
  addedTokens: AddedTokens;
  preTokenizer: object | null;
  decoder: object;
  vocab: Record<string, number>;
  merges: string[];
  unknownToken?: string;
}

/**
 * A Hugging Face `tokenizer.json` with a BPE model. All of ours are BPE: one without merges gives
 * every character, or every byte, its own token.
 */
export function tokenizerJson(parts: TokenizerJsonParts): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: parts.addedTokens.toJSON(),
    normalizer: null,
    pre_tokenizer: parts.preTokenizer,
    post_processor: null,
    decoder: parts.decoder,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: parts.unknownToken ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: parts.vocab,
      merges: parts.merges,
    },
  };
}

/** The `ByteLevel` pre-tokenizer and decoder entry; `splitWords` applies GPT-2's word pattern. */
export function byteLevel(splitWords: boolean): object {
  return { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: splitWords };
}

/** A pre-tokenizer that cuts out each digit by itself, and then words by GPT-2's pattern. */
export const digitsThenWords = {
  type: "Sequence",
  pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)],
};
