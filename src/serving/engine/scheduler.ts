/**
 * Continuous batching (Yu et al. 2022, "Orca"): texts join and leave between two steps of one model. A text's
 * token i depends on the model, its prompt, its seed and i, and on nothing that runs beside it, but for the last
 * bits of the logits: a matrix product or the attention of several rows may add in another order than that of one.
 */
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { DecoderSession } from "../../generation/decoder-session.js";
import type {
  CompileCalls,
  CompileConstraint,
  TokenConstraint,
} from "../../generation/grammar/constraint.js";
import type { KvCache } from "../../generation/kv-cache.js";
import { checkRequest, ofRequest } from "./check-request.js";
import { Continuation, type Vocabulary, vocabularyOf } from "./continuation.js";
import { type EngineLoad, type GenerationEvent, type GenerationRequest, RequestError } from "./engine.js";
import { PrefixCache } from "./prefix-cache.js";

/** What the scheduler says about a request; nothing follows an end or an error. */
export type Report = GenerationEvent | { readonly kind: "error"; readonly error: Error };

export interface SchedulerOptions {
  /** With `readAll` a text that is written alone is guessed ahead of: see prompt-lookup.ts. */
  readonly session: Pick<DecoderSession, "model" | "cache" | "read" | "step"> &
    Partial<Pick<DecoderSession, "readAll">>;
  readonly tokenizer: Tokenizer;
  /** Tokens that end a text beside the tokenizer's own. */
  readonly endTokens?: readonly number[];
  /** The names of the session's adapters, in its order. */
  readonly adapters?: readonly string[];
  readonly compileConstraint?: CompileConstraint;
  readonly compileCalls?: CompileCalls;
  /** Most texts that are written at once; the others wait (default 16). */
  readonly maxActive?: number;
  /** Most tokens of a prompt that are read between two steps (default 128). */
  readonly chunkLength?: number;
  /** Memory for beginnings of prompts, in bytes (default 0: none are kept). */
  readonly prefixCacheBytes?: number;
  readonly report: (id: number, report: Report) => void;
}

/** Writes many texts at once. Between two awaited calls of `round` requests may be submitted and cancelled. */
export class Scheduler {
  private readonly vocabulary: Vocabulary;
  private readonly maxActive: number;
  private readonly chunkLength: number;
  /** Every request that has not ended. */
  private readonly open = new Map<number, Continuation>();
  private waiting: Continuation[] = [];
  /** The text whose prompt is being read, into a cache of its own. */
  private reading?: Continuation;
  private staged: KvCache;
  /** The texts that are being written, each in its row of the cache. */
  private running: Continuation[] = [];
  private cache: KvCache;
  private promptTokens = 0;
  private completionTokens = 0;
  private cachedTokens = 0;
  private guessedTokens = 0;
  private readonly prefixes?: PrefixCache;

  constructor(private readonly options: SchedulerOptions) {
    const { session, tokenizer, endTokens, maxActive = 16, chunkLength = 128 } = options;
    const { prefixCacheBytes = 0 } = options;
    if (prefixCacheBytes > 0) this.prefixes = new PrefixCache(chunkLength, prefixCacheBytes);
    this.vocabulary = vocabularyOf(tokenizer, endTokens);
    this.maxActive = maxActive;
    this.chunkLength = chunkLength;
    this.staged = session.cache(0);
    this.cache = session.cache(0);
  }

  get hasWork(): boolean {
    return this.waiting.length > 0 || this.reading !== undefined || this.running.length > 0;
  }

  get load(): EngineLoad {
    const active = this.running.length + (this.reading ? 1 : 0);
    const { promptTokens, completionTokens, cachedTokens, guessedTokens } = this;
    const cacheBytes = this.prefixes?.byteLength ?? 0;
    const waiting = this.open.size - active;
    return { active, waiting, promptTokens, completionTokens, cachedTokens, guessedTokens, cacheBytes };
  }

  /** Takes a request into the queue; resolved when it is there. A request that is refused is reported as an error. */
  async submit(id: number, request: GenerationRequest): Promise<void> {
    const { session, adapters = [], report } = this.options;
    try {
      checkRequest(request, session.model, adapters);
    } catch (error) {
      report(id, { kind: "error", error: error as Error });
      return;
    }
    const adapter = request.adapter === undefined ? 0 : adapters.indexOf(request.adapter) + 1;
    const text = new Continuation(id, request, adapter, this.vocabulary, (event) => report(id, event));
    this.open.set(id, text);
    if (!(await this.constrain(text))) return;
    if (request.maxTokens === 0 && !text.isScored) text.finish("length");
    if (text.isOver || text.isCancelled) this.close(text);
    else this.waiting.push(text);
  }

  /** Ends a request before the next token, without a word about it. */
  cancel(id: number): void {
    const text = this.open.get(id);
    if (text) text.isCancelled = true;
  }

  /** Reads one chunk of a prompt, then takes one step of all texts that are being written. */
  async round(): Promise<void> {
    this.dropCancelled();
    await this.readPrompt();
    await this.step();
  }

  /** False when the request was refused. */
  private async constrain(text: Continuation): Promise<boolean> {
    try {
      text.constraint = await this.constraintOf(text.request);
      return true;
    } catch (error) {
      this.fail(text, ofRequest(error));
      return false;
    }
  }

  private async constraintOf({ jsonSchema, calls }: GenerationRequest): Promise<TokenConstraint | undefined> {
    const { compileConstraint, compileCalls } = this.options;
    if (calls !== undefined) return compileCalls?.(calls);
    if (jsonSchema === undefined) return undefined;
    if (!compileConstraint) throw noConstraints();
    return compileConstraint(jsonSchema);
  }

  private dropCancelled(): void {
    for (const text of this.waiting) if (text.isCancelled) this.close(text);
    this.waiting = this.waiting.filter((text) => !text.isCancelled);
    if (this.reading?.isCancelled) {
      this.close(this.reading);
      this.endReading();
    }
    for (let row = this.running.length - 1; row >= 0; row--) {
      if (this.running[row].isCancelled) this.leave(row);
    }
  }

  private async readPrompt(): Promise<void> {
    if (!this.reading && this.running.length < this.maxActive) this.reading = this.waiting.shift();
    const text = this.reading;
    if (!text) return;
    const { prompt } = text.request;
    try {
      if (this.staged.rows === 0) this.begin(text);
      const start = this.staged.length(0);
      const chunk = prompt.subarray(start, start + this.chunkLength);
      const logits = await this.read(text, start, chunk);
      const isRead = start + chunk.length === prompt.length;
      if (isRead) {
        this.promptTokens += prompt.length;
        if (text.request.maxTokens > 0) this.extend(text, logits);
        else this.end(text);
      }
      this.keepPrefix(prompt);
      if (!isRead) return;
    } catch (error) {
      this.fail(text, error);
    }
    if (this.open.has(text.id)) this.join(text);
    this.endReading();
  }

  /** The logits after the last token of a chunk. */
  private async read(text: Continuation, start: number, chunk: Int32Array): Promise<Float32Array> {
    const { session } = this.options;
    if (!text.isScored) return session.read(this.staged, 0, chunk);
    if (!session.readAll) throw noScores();
    const { vocabSize } = session.model;
    const logits = await session.readAll(this.staged, 0, chunk);
    text.score(start, logits, vocabSize);
    return logits.subarray(-vocabSize);
  }

  private begin(text: Continuation): void {
    this.staged.add(text.adapter);
    if (text.isScored) return; // what was read before left no logits
    text.cachedTokens = this.prefixes?.fill(this.staged, 0, text.request.prompt) ?? 0;
    this.cachedTokens += text.cachedTokens;
  }

  /** What there is no memory for is read again another time. */
  private keepPrefix(prompt: Int32Array): void {
    try {
      this.prefixes?.keep(this.staged, 0, prompt);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  /** Gives a text whose prompt is read a row among those that are written. */
  private join(text: Continuation): void {
    try {
      this.running[this.cache.addCopy(this.staged, 0)] = text;
    } catch (error) {
      this.fail(text, error);
      this.loseRunning(error);
    }
  }

  private endReading(): void {
    this.reading = undefined;
    if (this.staged.rows > 0) this.staged.remove(0);
  }

  private async step(): Promise<void> {
    if (this.running.length === 0) return;
    const { session } = this.options;
    const { vocabSize } = session.model;
    try {
      if (await this.stepByGuesses()) return;
      const ids = this.running.map(({ last }) => last);
      const logits = await session.step(this.cache, ids);
      for (let row = this.running.length - 1; row >= 0; row--) {
        const text = this.running[row];
        this.extend(text, logits.subarray(row * vocabSize, (row + 1) * vocabSize));
        if (!this.open.has(text.id)) this.leave(row);
      }
    } catch (error) {
      this.loseRunning(error);
    }
  }

  /** Ends all texts that are being written: what the cache holds is not known any more. */
  private loseRunning(error: unknown): void {
    for (const text of this.running) this.fail(text, error);
    this.running = [];
    this.cache = this.options.session.cache(0);
  }

  /**
   * Reads guesses of what a text says next together with its last token, and keeps as many as it does say. False where
   * there are none. Several texts at once share what guesses would save.
   */
  private async stepByGuesses(): Promise<boolean> {
    const { session } = this.options;
    const [text] = this.running;
    const guesses = this.running.length === 1 && session.readAll ? text.guess() : [];
    if (!session.readAll || guesses.length === 0) return false;
    const start = this.cache.length(0);
    const logits = await session.readAll(this.cache, 0, [text.last, ...guesses]);
    const { vocabSize } = session.model;
    let right = 0;
    for (let i = 0; i <= guesses.length; i++) {
      this.extend(text, logits.subarray(i * vocabSize, (i + 1) * vocabSize));
      if (!this.open.has(text.id) || text.last !== guesses[i]) break;
      right++;
    }
    text.learn(guesses.length, right);
    this.guessedTokens += right;
    this.cache.shorten(0, start + 1 + right);
    if (!this.open.has(text.id)) this.leave(0);
    return true;
  }

  /** Writes the next token of a text; a text that is over then is not open any more. */
  private extend(text: Continuation, logits: Float32Array): void {
    const before = text.written;
    try {
      if (!text.isCancelled) text.extend(logits);
    } catch (error) {
      this.fail(text, error);
    }
    this.completionTokens += text.written - before;
    if (text.isOver || text.isCancelled) this.close(text);
  }

  /** Ends a text of which only the prompt was asked for. */
  private end(text: Continuation): void {
    if (!text.isCancelled) text.finish("length");
    this.close(text);
  }

  /** Takes a text out of its row; the last text moves there. */
  private leave(row: number): void {
    this.close(this.running[row]);
    this.cache.remove(row);
    const last = this.running.pop()!;
    if (row < this.running.length) this.running[row] = last;
  }

  private fail(text: Continuation, error: unknown): void {
    if (!this.open.has(text.id)) return;
    const reason = error instanceof Error ? error : new Error(String(error));
    this.options.report(text.id, { kind: "error", error: reason });
    this.close(text);
  }

  private close(text: Continuation): void {
    this.open.delete(text.id);
    text.constraint?.release?.();
    text.constraint = undefined;
  }
}

function noScores(): RequestError {
  return new RequestError(
    "the engine has no log-probabilities of prompts",
    "echo",
    "leave echo or logprobs out",
  );
}

function noConstraints(): RequestError {
  return new RequestError("the engine writes no constrained answers", "a JSON schema", "leave it out");
}
