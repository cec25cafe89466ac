/**
 * Perplexity by a sliding window: every token is predicted once, by windows as long as the model's context.
 * Windows and measures are those of lm-evaluation-harness: `get_rolling_token_windows` in `lm_eval/utils.py`
 * with context_len = contextLength - stride + 1, and `loglikelihood_rolling` with word_perplexity,
 * byte_perplexity and bits_per_byte.
 */
import { joinArrays } from "../core/join-arrays.js";
import type { SourceDocument } from "../data/text/document.js";
import { textStart } from "../features/tokenizer/post-processor.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { encode } from "./encode-pair.js";
import { EvaluationError } from "./errors.js";
import { inGroups } from "./groups.js";
import type { Scorer, TokenPair } from "./log-likelihood.js";
import { countSpaces, endsWithSpace, startsWithSpace } from "./whitespace.js";

/** Windows that are scored together; short documents fill a chunk of the scorer so. */
const windowsAtOnce = 64;

export interface PerplexityResult {
  /** Sum over the predicted tokens, in nats. */
  readonly logLikelihood: number;
  readonly tokenPerplexity: number;
  /** Words are what white space separates; texts with other tokenizers compare by these three. */
  readonly wordPerplexity: number;
  readonly bytePerplexity: number;
  readonly bitsPerByte: number;
  /** Tokens that were predicted. */
  readonly tokens: number;
  readonly words: number;
  /** Of UTF-8. */
  readonly bytes: number;
  readonly documents: number;
  /** First tokens that nothing could predict, as the tokenizer has no token that starts texts. */
  readonly unpredicted: number;
  readonly contextLength: number;
  readonly stride: number;
}

export interface PerplexityOptions {
  /**
   * Tokens that a window predicts beyond the one before (default: contextLength, the quickest). A token then has
   * at least contextLength - stride + 1 before it, where the text has.
   */
  readonly stride?: number;
  /** Called with the tokens predicted so far. */
  readonly onProgress?: (tokens: number) => void;
}

/** Throws `EvaluationError` for a stride out of range, and when no text has a token to predict. */
export async function measurePerplexity(
  scorer: Scorer,
  tokenizer: Tokenizer,
  documents: AsyncIterable<SourceDocument>,
  { stride = scorer.model.contextLength, onProgress }: PerplexityOptions = {},
): Promise<PerplexityResult> {
  const { contextLength } = scorer.model;
  checkStride(stride, contextLength);
  const counts = { documents: 0, words: 0, bytes: 0, unpredicted: 0 };
  let logLikelihood = 0;
  let tokens = 0;
  const windows = allWindows(tokenizer, documents, { contextLength, stride }, counts);
  for await (const group of inGroups(windows, windowsAtOnce)) {
    for (const score of await scorer.scoreAll(group)) {
      logLikelihood += score.logLikelihood;
      tokens += score.perToken.length;
    }
    onProgress?.(tokens);
  }
  if (tokens === 0) throw nothingToPredict(counts.documents);
  return {
    logLikelihood,
    tokenPerplexity: Math.exp(-logLikelihood / tokens),
    wordPerplexity: Math.exp(-logLikelihood / counts.words),
    bytePerplexity: Math.exp(-logLikelihood / counts.bytes),
    bitsPerByte: -logLikelihood / counts.bytes / Math.LN2,
    tokens,
    ...counts,
    contextLength,
    stride,
  };
}

type Window = Pick<PerplexityResult, "contextLength" | "stride">;
type Counts = Record<"documents" | "words" | "bytes" | "unpredicted", number>;

async function* allWindows(
  tokenizer: Tokenizer,
  documents: AsyncIterable<SourceDocument>,
  window: Window,
  counts: Counts,
): AsyncGenerator<TokenPair> {
  const start = textStart(tokenizer);
  for await (const document of documents) {
    const { tokens, words, bytes } = await readDocument(tokenizer, document, start);
    if (bytes === 0) continue;
    counts.documents++;
    counts.words += words;
    counts.bytes += bytes;
    if (start === undefined) counts.unpredicted++;
    yield* rollingWindows(tokens, window, document.source);
  }
}

/**
 * Contexts and continuations that predict each token but the first once. A window ends where its continuation
 * does and holds contextLength tokens before its last one, or as many as there are; the first predicts all it
 * holds, those after it the next `stride`.
 */
export function* rollingWindows(
  tokens: Int32Array,
  { contextLength, stride }: Window,
  source?: string,
): Generator<TokenPair> {
  for (let from = 1; from < tokens.length; ) {
    const end = Math.min(tokens.length, from === 1 ? 1 + contextLength : from + stride);
    const context = tokens.subarray(Math.max(0, end - 1 - contextLength), from);
    yield { context, continuation: tokens.subarray(from, end), source };
    from = end;
  }
}

/** A text's tokens after the one that starts texts, and its lengths. A long text is encoded piece by piece. */
async function readDocument(tokenizer: Tokenizer, document: SourceDocument, start?: number) {
  const parts: Int32Array[] = start === undefined ? [] : [Int32Array.of(start)];
  const utf8 = new TextEncoder();
  let [words, bytes, wasSpace] = [1, 0, false];
  for await (const text of document.pieces()) {
    parts.push(encode(tokenizer, text, document.source));
    bytes += utf8.encode(text).length;
    words += countSpaces(text) - (wasSpace && startsWithSpace(text) ? 1 : 0);
    wasSpace = endsWithSpace(text);
  }
  return { tokens: joinArrays(Int32Array, parts), words, bytes };
}

function checkStride(stride: number, contextLength: number): void {
  if (Number.isSafeInteger(stride) && stride >= 1 && stride <= contextLength) return;
  throw new EvaluationError(
    "the stride is out of range",
    `${stride}; the model's context is ${contextLength}`,
    "give a whole number from 1 to the context",
  );
}

function nothingToPredict(documents: number): EvaluationError {
  return new EvaluationError(
    "there is no token to predict",
    `${documents} texts, each shorter than two tokens`,
    "give longer texts",
  );
}
