import { randomStream } from "../../core/random.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { TokenConstraint } from "../../generation/grammar/constraint.js";
import { PromptLookup } from "../../generation/prompt-lookup.js";
import { sampleToken } from "../../generation/sampling.js";
import { TextStream } from "../../generation/text-stream.js";
import type { GenerationEvent, GenerationRequest, TokenReport } from "./engine.js";
import { likeliest } from "./log-probabilities.js";

/** What tokens mean to the one who writes them into a text. */
export interface Vocabulary {
  readonly tokenizer: Tokenizer;
  /** Tokens after which a text is over. */
  readonly endTokens: ReadonlySet<number>;
  /** The texts of special tokens, which are no part of an answer. */
  readonly specialTexts: ReadonlyMap<number, string>;
}

/** The tokenizer with its end of text, the end of a turn in ChatML, and what else ends the model's texts. */
export function vocabularyOf(tokenizer: Tokenizer, endTokens: readonly number[] = []): Vocabulary {
  const { specialTokens } = tokenizer;
  const ends = [...endTokens, tokenizer.endOfText, specialTokens.get("<|im_end|>")];
  return {
    tokenizer,
    endTokens: new Set(ends.filter((id) => id !== undefined)),
    specialTexts: new Map([...specialTokens].map(([text, id]) => [id, text])),
  };
}

/** A text that is being continued: from the logits of each place to a token, and to events. */
export class Continuation {
  isCancelled = false;
  /** Tokens of the prompt that were read for an earlier request. */
  cachedTokens = 0;
  private readonly lookup = new PromptLookup();
  /** Which tokens may come, once it is known. */
  constraint?: TokenConstraint;
  private readonly stream: TextStream;
  /** The prompt and what follows. */
  private readonly ids: number[];
  private text = "";
  private reports: TokenReport[] = [];
  private finishReason?: "stop" | "length";

  constructor(
    readonly id: number,
    readonly request: GenerationRequest,
    /** The adapter's number, 0 for the base model. */
    readonly adapter: number,
    private readonly vocabulary: Vocabulary,
    private readonly report: (event: GenerationEvent) => void,
  ) {
    this.ids = [...request.prompt];
    this.stream = new TextStream(vocabulary.tokenizer, request.stop, (text) => {
      this.text += text;
    });
    const { prompt, echo, topLogprobs } = request;
    if (!echo) return;
    const { tokenizer } = vocabulary;
    this.text = tokenizer.decode(prompt.subarray(prompt[0] === tokenizer.beginOfText ? 1 : 0));
    if (topLogprobs !== undefined) this.reports.push({ id: prompt[0], logprob: null, top: [] });
  }

  /** Whether the prompt's own tokens are reported. */
  get isScored(): boolean {
    return (this.request.echo ?? false) && this.request.topLogprobs !== undefined;
  }

  get isOver(): boolean {
    return this.finishReason !== undefined;
  }

  get written(): number {
    return this.ids.length - this.request.prompt.length;
  }

  /** The token that the model has to read next. */
  get last(): number {
    return this.ids[this.ids.length - 1];
  }

  /** Guesses of the next tokens, the last one asked for left out: it follows from the logits of the others. */
  guess(): number[] {
    return this.lookup.guess(this.ids, this.request.maxTokens - this.written - 1);
  }

  /** What became of the last guesses. */
  learn(guessed: number, right: number): void {
    this.lookup.learn(guessed, right);
  }

  /** Reports tokens of the prompt by the logits [n, v] after each of those from `start` on. */
  score(start: number, logits: Float32Array, rowLength: number): void {
    const { prompt, topLogprobs } = this.request;
    for (let i = 0; (i + 1) * rowLength <= logits.length; i++) {
      const id = prompt[start + i + 1];
      if (id === undefined) return;
      const row = logits.subarray(i * rowLength, (i + 1) * rowLength);
      const { logSum, top } = likeliest(row, this.vocabulary.tokenizer.vocabSize, topLogprobs!);
      this.reports.push({ id, logprob: row[id] - logSum, top });
    }
  }

  /**
   * Chooses the next token by logits [v], which it may change, and reports it. The same logits, seed and place
   * give the same token. Throws `GenerationError` when no token can be chosen.
   */
  extend(logits: Float32Array): void {
    const { prompt, sampling, seed, topLogprobs } = this.request;
    const { tokenizer, endTokens } = this.vocabulary;
    const place = topLogprobs === undefined ? undefined : likeliest(logits, tokenizer.vocabSize, topLogprobs);
    this.constraint?.mask(logits);
    // A model may have more rows than its tokenizer has tokens.
    const known = logits.subarray(0, tokenizer.vocabSize);
    const before = { ids: this.ids, given: prompt.length };
    const id = sampleToken(known, sampling, randomStream(seed, "sampling", this.written), before);
    if (endTokens.has(id)) {
      this.finish("stop");
      return;
    }
    const isInCall = this.constraint?.isInCall ?? false;
    this.constraint?.accept(id);
    this.ids.push(id);
    if (place) this.reports.push({ id, logprob: logits[id] - place.logSum, top: place.top });
    if (this.push(id, isInCall) || this.constraint?.isComplete) this.finish("stop");
    else if (this.written >= this.request.maxTokens) this.finish("length");
    else this.flush();
  }

  /** True when the token completes a stop string. */
  private push(id: number, isInCall: boolean): boolean {
    if (isInCall) {
      this.stream.pushWhole(id);
      return false;
    }
    const special = this.vocabulary.specialTexts.get(id);
    if (special === undefined || special === this.request.calls?.open) return this.stream.push(id);
    return this.request.stop.includes(special);
  }

  /** Lets go of what is held back, and reports the end. */
  finish(reason: "stop" | "length"): void {
    // Half a character that is let go at the end may complete a stop string.
    this.finishReason = this.stream.end(reason === "length") ? "stop" : reason;
    this.flush();
    this.report({
      kind: "end",
      finishReason: this.finishReason,
      promptTokens: this.request.prompt.length,
      completionTokens: this.written,
      ...(this.cachedTokens > 0 && { cachedTokens: this.cachedTokens }),
    });
  }

  private flush(): void {
    if (this.text === "" && this.reports.length === 0) return;
    this.report({ kind: "text", text: this.text, tokens: this.reports });
    this.text = "";
    this.reports = [];
  }
}
