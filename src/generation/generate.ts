/** Continues texts, several at once: each is what it would be alone. */
import { randomStream } from "../core/random.js";
import { encodeText, type Tokenizer } from "../features/tokenizer/tokenizer.js";
import type { DecoderSession } from "./decoder-session.js";
import { GenerationError } from "./errors.js";
import type { TokenConstraint } from "./grammar/constraint.js";
import type { KvCache } from "./kv-cache.js";
import { checkSampling, type Sampling, sampleToken } from "./sampling.js";
import { TextStream } from "./text-stream.js";

/** What to continue, how to sample, and when to end. */
export interface GenerateOptions extends Sampling {
  /** Texts to continue. An empty one starts from the end-of-text token, as if a document had just ended. */
  readonly prompts: readonly string[];
  /** Most tokens that are added to each. */
  readonly maxTokens: number;
  /** Ids that end a continuation, beside the tokenizer's end of text. */
  readonly endTokens?: readonly number[];
  /** Texts that end a continuation and are left out of it. */
  readonly stop?: readonly string[];
  /**
   * Makes what tells at each place of a prompt's continuation which tokens may come, such as a constraint of
   * `jsonConstraints` with `endTokensOf` as its end tokens. Called once a prompt.
   */
  readonly constraint?: (index: number) => TokenConstraint | Promise<TokenConstraint>;
  /** Token i of prompt j is a pure function of the seed, j and i (default 0). */
  readonly seed?: number;
  /** Called with each new piece of complete characters. */
  readonly onText?: (index: number, text: string) => void;
  /** Ends the generation between two tokens; `generate` then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One continuation. */
export interface Generation {
  /** The continuation, without the prompt, the stop string and the end-of-text token. */
  readonly text: string;
  /** Its tokens, without the end-of-text token and with those of a stop string. */
  readonly tokens: Int32Array;
  readonly tokenCount: number;
  /**
   * length: `maxTokens` were written; stop: a stop string came; end: the end-of-text token came, or what the
   * constraint asks for is whole.
   */
  readonly finishReason: "length" | "stop" | "end";
  /** The token that ended it, where one did. */
  readonly endToken?: number;
}

/**
 * Continues each prompt. When a text outgrows the model's context, its last half is read anew and grows
 * again: the model then no longer sees what came before. Throws `GenerationError` for settings out of range
 * or an empty prompt without an end-of-text token, and the tokenizer's and the constraint's errors.
 */
export async function generate(
  session: DecoderSession,
  tokenizer: Tokenizer,
  options: GenerateOptions,
): Promise<Generation[]> {
  checkOptions(options);
  const texts = options.prompts.map((prompt, index) => startText(prompt, index, tokenizer, options));
  try {
    for (const text of texts) text.constraint = await options.constraint?.(text.index);
    return await writeAll(session, tokenizer, texts, options);
  } finally {
    for (const { constraint } of texts) constraint?.release?.();
  }
}

/** The tokens that end a continuation: the tokenizer's end of text, and others. */
export function endTokensOf({ endOfText }: Tokenizer, others: readonly number[] = []): number[] {
  return endOfText === undefined ? [...others] : [...new Set([endOfText, ...others])];
}

async function writeAll(
  session: DecoderSession,
  tokenizer: Tokenizer,
  texts: readonly Text[],
  options: GenerateOptions,
): Promise<Generation[]> {
  const cache = session.cache(texts.length);
  const open = [...texts];
  for (const [row, text] of texts.entries()) text.logits = await prefill(session, cache, row, text);
  for (;;) {
    for (let row = open.length - 1; row >= 0; row--) {
      extend(open[row], tokenizer, options);
      if (open[row].finishReason) close(open, cache, row);
    }
    if (open.length === 0) return texts.map(finished);
    options.signal?.throwIfAborted();
    await advance(session, cache, open);
  }
}

/** A text that is being written. */
interface Text {
  readonly index: number;
  readonly ids: number[];
  readonly promptLength: number;
  readonly stream: TextStream;
  /** Where the window that the cache holds starts. */
  start: number;
  logits: Float32Array;
  constraint?: TokenConstraint;
  finishReason?: Generation["finishReason"];
  endToken?: number;
}

function startText(prompt: string, index: number, tokenizer: Tokenizer, options: GenerateOptions): Text {
  const ids = [...encodeText(tokenizer, prompt)];
  if (ids.length === 0) ids.push(endOfText(tokenizer));
  const onText = (text: string) => options.onText?.(index, text);
  const stream = new TextStream(tokenizer, options.stop ?? [], onText);
  const finishReason = options.maxTokens === 0 ? "length" : undefined;
  return { index, ids, promptLength: ids.length, stream, start: 0, logits: new Float32Array(), finishReason };
}

function endOfText(tokenizer: Tokenizer): number {
  if (tokenizer.endOfText !== undefined) return tokenizer.endOfText;
  throw new GenerationError(
    "an empty prompt needs an end-of-text token to start from",
    `the tokenizer's special tokens: ${[...tokenizer.specialTokens.keys()].join(" ") || "none"}`,
    "give a prompt of at least one character, for example a line break",
  );
}

/** Chooses the next token of a text from its logits. */
function extend(text: Text, tokenizer: Tokenizer, options: GenerateOptions): void {
  if (text.finishReason) return;
  const { ids, index, promptLength, stream, constraint } = text;
  const step = index * 2 ** 32 + (ids.length - promptLength);
  const random = randomStream(options.seed ?? 0, "sampling", step);
  constraint?.mask(text.logits);
  // A model may have more rows than its tokenizer has tokens.
  const logits = text.logits.subarray(0, tokenizer.vocabSize);
  const id = sampleToken(logits, options, random, { ids, given: promptLength });
  if (id === tokenizer.endOfText || options.endTokens?.includes(id)) {
    text.finishReason = stream.end() ? "stop" : "end";
    text.endToken = id;
    return;
  }
  ids.push(id);
  constraint?.accept(id);
  if (stream.push(id)) text.finishReason = "stop";
  else if (constraint?.isComplete) text.finishReason = stream.end() ? "stop" : "end";
  else if (ids.length - promptLength >= options.maxTokens) {
    text.finishReason = stream.end(true) ? "stop" : "length";
  }
}

/** Takes a finished text out of the rows; the last row moves to its place, in the cache too. */
function close(open: Text[], cache: KvCache, row: number): void {
  cache.remove(row);
  const last = open.pop()!;
  if (row < open.length) open[row] = last;
}

/** Reads each text's newest token, in one run; texts whose window moves on read it anew. */
async function advance(session: DecoderSession, cache: KvCache, open: readonly Text[]): Promise<void> {
  const { contextLength, vocabSize } = session.model;
  const moving = open.map(({ ids, start }) => windowStart(ids.length, contextLength) !== start);
  if (moving.includes(true)) {
    for (const [row, text] of open.entries()) {
      text.logits = moving[row]
        ? await prefill(session, cache, row, text)
        : await session.read(cache, row, text.ids.slice(-1));
    }
    return;
  }
  const logits = await session.step(
    cache,
    open.map(({ ids }) => ids.at(-1)!),
  );
  for (const [row, text] of open.entries()) {
    text.logits = logits.subarray(row * vocabSize, (row + 1) * vocabSize);
  }
}

/** Reads the part of a text that the model can see into its row. */
function prefill(session: DecoderSession, cache: KvCache, row: number, text: Text): Promise<Float32Array> {
  cache.clear(row);
  text.start = windowStart(text.ids.length, session.model.contextLength);
  return session.read(cache, row, text.ids.slice(text.start));
}

/**
 * Where the window of a text starts, by its length alone: at 0 while all of it fits; then it moves by half
 * a context whenever the context is full.
 */
export function windowStart(length: number, contextLength: number): number {
  const stride = Math.ceil(contextLength / 2);
  return length <= contextLength ? 0 : Math.ceil((length - contextLength) / stride) * stride;
}

function finished({ ids, promptLength, stream, finishReason, endToken }: Text): Generation {
  const tokens = Int32Array.from(ids.slice(promptLength));
  return { text: stream.text, tokens, tokenCount: tokens.length, finishReason: finishReason!, endToken };
}

function checkOptions({ prompts, maxTokens, stop = [], ...sampling }: GenerateOptions): void {
  checkSampling(sampling);
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 0) {
    throw new GenerationError(
      "the number of tokens to write is not a whole number",
      String(maxTokens),
      "give a maxTokens of 0 or more",
    );
  }
  if (stop.includes("")) {
    throw new GenerationError("a stop string is empty", JSON.stringify(stop), "leave it out");
  }
  if (prompts.length === 0) {
    throw new GenerationError("there is nothing to continue", "no prompts", 'give at least one, such as ""');
  }
}
