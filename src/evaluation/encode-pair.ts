import { AutodidactError } from "../core/errors.js";
import { textStart } from "../features/tokenizer/post-processor.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { EvaluationError } from "./errors.js";
import type { TokenPair } from "./log-likelihood.js";
import { trimEnd } from "./whitespace.js";

/**
 * A context and its continuation in tokens, by the rules of lm-evaluation-harness (`TemplateLM._encode_pair` and
 * `loglikelihood`): white space that ends the context goes to the continuation; the continuation's tokens are
 * those of the whole text after as many as the context has alone; nothing before it stands for the token that
 * starts texts. Throws `EvaluationError` naming `source` for a text that the tokenizer cannot encode.
 */
export function encodePair(
  tokenizer: Tokenizer,
  context: string,
  continuation: string,
  source: string,
): TokenPair {
  const kept = trimEnd(context);
  const whole = encode(tokenizer, context + continuation, source);
  const before = encode(tokenizer, kept, source);
  if (before.length > 0) return { context: before, continuation: whole.subarray(before.length), source };
  const start = textStart(tokenizer);
  if (start === undefined) {
    throw new EvaluationError(
      "a text has nothing before it to be predicted from",
      `${source}: an empty context, and a tokenizer without a token that starts or ends texts`,
      "give it a context",
    );
  }
  if (whole[0] === start) return { context: whole.subarray(0, 1), continuation: whole.subarray(1), source };
  return { context: Int32Array.of(start), continuation: whole, source };
}

/** The tokenizer's errors say what is wrong; the source says where. */
export function encode(tokenizer: Tokenizer, text: string, source: string): Int32Array {
  try {
    return tokenizer.encode(text);
  } catch (cause) {
    if (!(cause instanceof AutodidactError)) throw cause;
    throw new EvaluationError(cause.what, `${source}: ${cause.values}`, cause.advice, { cause });
  }
}
