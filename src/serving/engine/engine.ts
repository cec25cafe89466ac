/** What stands between the HTTP server and the model: requests in tokens, answers as they are written. */
import type { CallGrammar } from "../../generation/grammar/constraint.js";
import type { Sampling } from "../../generation/sampling.js";
import { ServingError } from "../errors.js";

/** A request that cannot be answered as it is, such as a schema that no grammar expresses. The engine goes on. */
export class RequestError extends ServingError {}

/** A text to continue. */
export interface GenerationRequest {
  /** At least one id; together with `maxTokens` they fit the model's context. */
  readonly prompt: Int32Array;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Token i of the answer is a pure function of the model, the prompt, the seed and i. */
  readonly seed: number;
  /** Texts that end the answer and are left out of it. */
  readonly stop: readonly string[];
  /** The answer begins with the prompt, of which log-probabilities are reported too where they are asked for. */
  readonly echo?: boolean;
  /** How many likeliest alternatives to report with each token; absent: no log-probabilities. */
  readonly topLogprobs?: number;
  /** The answer is JSON that this schema accepts; `true` stands for any JSON object. */
  readonly jsonSchema?: object | true;
  /** Calls of functions in the answer keep to this; an engine that cannot keep calls valid writes them as they come. */
  readonly calls?: CallGrammar;
  /** The name of an adapter; absent: the base model. */
  readonly adapter?: string;
}

/** A token that was written, or of a prompt that is echoed. */
export interface TokenReport {
  readonly id: number;
  /** Natural logarithm of its probability before temperature and filters; null for the first of all, which nothing predicts. */
  readonly logprob: number | null;
  /** The likeliest tokens at its place, likeliest first. */
  readonly top: readonly { readonly id: number; readonly logprob: number }[];
}

/** A piece of an answer, or its end. */
export type GenerationEvent =
  | {
      readonly kind: "text";
      /** Complete characters; may be empty while a character or a stop string is not decided. */
      readonly text: string;
      /** The tokens since the last event, where log-probabilities were asked for. */
      readonly tokens: readonly TokenReport[];
    }
  | {
      readonly kind: "end";
      /** stop: a stop string or an end token came, or the JSON is complete; length: `maxTokens` are written. */
      readonly finishReason: "stop" | "length";
      readonly promptTokens: number;
      readonly completionTokens: number;
      /** Tokens of the prompt that an earlier request had read; absent: none. */
      readonly cachedTokens?: number;
    };

/** Requests that are being answered and that wait, and tokens since the start. */
export interface EngineLoad {
  readonly active: number;
  readonly waiting: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of the tokens of prompts those that had been read before. */
  readonly cachedTokens?: number;
  /** Of the tokens that were written those that were guessed rightly. */
  readonly guessedTokens?: number;
  /** Memory of beginnings of prompts that are kept, in bytes. */
  readonly cacheBytes?: number;
}

/** What answers requests: one model, and its adapters. */
export interface Engine {
  /**
   * Answers a request: events until "end". Aborting the signal, or leaving the iteration, ends it between two
   * tokens, and throws the signal's reason. Throws `RequestError` for a request that cannot be answered, another
   * `ServingError` when the engine is closed or has failed.
   */
  generate(request: GenerationRequest, signal?: AbortSignal): AsyncIterable<GenerationEvent>;
  /** The mean of the last hidden states [c] of a text of at least one token. */
  embed(ids: Int32Array, signal?: AbortSignal): Promise<Float32Array>;
  /** How much it has to do. */
  load(): EngineLoad;
  /** Finishes what is being answered for at most `graceMs` milliseconds, then ends. */
  close(graceMs?: number): Promise<void>;
}
