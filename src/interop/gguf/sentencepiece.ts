/**
 * SentencePiece's byte-pair vocabularies, as Gemma has one: spaces are "▁", a text is not cut into words, and a character
 * that no token has becomes its bytes. llama.cpp joins the two neighbours whose token has the best score, again and
 * again, which is what merges in the order of the scores do. [llama-vocab.cpp, llm_tokenizer_spm_session]
 */
import type { JsonObject } from "../folder-files.js";

/** How such a `tokenizer.json` says what it does to a text, and to tokens. [Transformers, GemmaConverter] */
export const sentencePieceSteps = {
  normalizer: { type: "Replace", pattern: { String: " " }, content: "▁" },
  pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithPrevious", invert: false },
  decoder: {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
    ],
  },
};

/** The part `model` of a `tokenizer.json` with these scores, by token. */
export function sentencePieceModel(
  vocabulary: Readonly<Record<string, number>>,
  scores: ReadonlyMap<string, number>,
): JsonObject {
  return {
    ...{
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
    },
    ...{ fuse_unk: true, byte_fallback: true, ignore_merges: false },
    vocab: vocabulary,
    merges: mergesOf(scores),
  };
}

/** Every way to make a token of two others, those of the best score first; of one score, as Transformers has them. */
function mergesOf(scores: ReadonlyMap<string, number>): [string, string][] {
  const merges: [string, string, number][] = [];
  for (const [token, score] of scores) {
    for (let cut = 1; cut < token.length; cut++) {
      const [left, right] = [token.slice(0, cut), token.slice(cut)];
      if (scores.has(left) && scores.has(right)) merges.push([left, right, score]);
    }
  }
  const order = (a: [string, string, number], b: [string, string, number]) =>
    b[2] - a[2] || b[0].length - a[0].length || b[1].length - a[1].length;
  return merges.sort(order).map(([left, right]) => [left, right]);
}

/** A token with a character that is no token itself, which llama.cpp would join and merges cannot; undefined if none. */
export function tokenWithoutParts(scores: ReadonlyMap<string, number>): string | undefined {
  return [...scores.keys()].find((token) => [...token].some((character) => !scores.has(character)));
}
