/** What every route of one server shares. */
import type { ChatTemplate } from "../../features/chat/chat-template.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Sampling } from "../../generation/sampling.js";
import type { Engine } from "../engine/engine.js";
import type { Admission, Limits } from "../http/limits.js";
import type { Metrics } from "../http/metrics.js";
import type { PromptEncoder } from "./prompt.js";

/** A model as clients see it. */
export interface ServedModel {
  readonly name: string;
  /** Most tokens of a prompt and its answer together. */
  readonly contextLength: number;
  /** Seconds since 1970. */
  readonly created: number;
}

export interface Service {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** Texts with which a turn of a conversation ends, beside the engine's own end. */
  readonly turnEnd: readonly string[];
  readonly prompts: PromptEncoder;
  readonly model: ServedModel;
  /** Names of the adapters: each is a model of its own to clients. */
  readonly adapters: readonly string[];
  readonly limits: Limits;
  /** How to sample where a request does not say. */
  readonly defaults: Partial<Sampling>;
  readonly admission: Admission;
  readonly metrics: Metrics;
  /** Told of errors that are the server's own. */
  readonly onFault: (error: unknown) => void;
}
