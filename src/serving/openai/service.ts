/** What every route of a language model shares. */
import type { ChatTemplate } from "../../features/chat/chat-template.js";
import type { ToolStyle } from "../../features/chat/tool-style.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Sampling } from "../../generation/sampling.js";
import type { Engine } from "../engine/engine.js";
import type { Host } from "../http/served.js";
import type { AnswerMetrics } from "./metrics.js";
import type { PromptEncoder } from "./prompt.js";

/** A model as clients see it. */
export interface ServedModel {
  readonly name: string;
  /** Most tokens of a prompt and its answer together. */
  readonly contextLength: number;
}

export interface Service extends Host {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** Texts with which a turn of a conversation ends, beside the engine's own end. */
  readonly turnEnd: readonly string[];
  /** How the model calls functions; absent: it does not, or not in a way that can be read. */
  readonly toolStyle?: ToolStyle;
  readonly prompts: PromptEncoder;
  readonly model: ServedModel;
  /** Names of the adapters: each is a model of its own to clients. */
  readonly adapters: readonly string[];
  /** How to sample where a request does not say. */
  readonly defaults: Partial<Sampling>;
  readonly metrics: AnswerMetrics;
  /** Most tokens of one answer; absent: what the context leaves. */
  readonly maxTokensPerRequest?: number;
}
