import { BLANK, type CtcVocabulary, UNKNOWN, WORD_DELIMITER } from "./ctc-vocabulary.js";

/** The names of the files of a tokenizer of speech. */
export type CtcTokenizerFile =
  | "vocab.json"
  | "tokenizer.json"
  | "tokenizer_config.json"
  | "special_tokens_map.json";

/**
 * What a folder holds for both worlds: `vocab.json` for Transformers, whose Wav2Vec2CTCTokenizer has no fast
 * twin, `tokenizer.json` for transformers.js, and the two files beside them.
 */
export function ctcTokenizerFiles(vocabulary: CtcVocabulary): Record<CtcTokenizerFile, object> {
  const vocab = Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id]));
  // Without null Transformers would add "<s>" and "</s>", which the model has no logits for.
  const special = { bos_token: null, eos_token: null, unk_token: UNKNOWN, pad_token: BLANK };
  return {
    "vocab.json": vocab,
    "tokenizer.json": tokenizerJson(vocab),
    "tokenizer_config.json": {
      tokenizer_class: "Wav2Vec2CTCTokenizer",
      ...special,
      word_delimiter_token: WORD_DELIMITER,
      replace_word_delimiter_char: " ",
      do_lower_case: false,
      clean_up_tokenization_spaces: false,
    },
    "special_tokens_map.json": { unk_token: UNKNOWN, pad_token: BLANK },
  };
}

/**
 * The blank is no added token: transformers.js drops special ones before it joins equal neighbours, and would
 * write "helo" for "hello".
 */
function tokenizerJson(vocab: Record<string, number>): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: "Replace", pattern: { String: " " }, content: WORD_DELIMITER },
    pre_tokenizer: { type: "Split", pattern: { Regex: "" }, behavior: "Isolated", invert: false },
    post_processor: null,
    decoder: { type: "CTC", pad_token: BLANK, word_delimiter_token: WORD_DELIMITER, cleanup: true },
    model: { type: "WordLevel", vocab, unk_token: UNKNOWN },
  };
}
