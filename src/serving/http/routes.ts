/** The API as a Hono app: what the server listens with, and what an app that exists can take in. */
import type { Hono } from "hono";
import { chatTemplate } from "../../features/chat/chat-template.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Sampling } from "../../generation/sampling.js";
import type { Engine } from "../engine/engine.js";
import { PromptEncoder } from "../openai/prompt.js";
import type { ServedModel, Service } from "../openai/service.js";
import { turnEnd } from "../openai/turn-end.js";
import { createApp } from "./app.js";
import { Admission, type Limits } from "./limits.js";
import { Metrics } from "./metrics.js";

/** What is served, and to whom. */
export interface RoutesOptions {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly model: ServedModel;
  /** Names of adapters that the engine has. */
  readonly adapters?: readonly string[];
  /** The address that is listened on (default 127.0.0.1: this machine alone). */
  readonly host?: string;
  /** What clients must send as a bearer token; absent: nothing. /healthz and the page are open without it. */
  readonly apiKey?: string;
  readonly limits: Limits;
  /** How to sample where a request does not say; what is left open is temperature 1, top_p 1. */
  readonly defaults?: Partial<Sampling>;
  /** The chat page. */
  readonly page?: Hono;
  /** Told of errors that are the server's own (default: written to standard error). */
  readonly onFault?: (error: unknown) => void;
}

/**
 * The routes for a server of one's own: `app.mount("/ai", createRoutes(options).fetch)` in Hono,
 * `app.use("/ai", getRequestListener(createRoutes(options).fetch))` in Express, with `@hono/node-server`.
 * Throws `ChatError` for a chat template that is broken.
 */
export function createRoutes(options: RoutesOptions): Hono {
  const { host = "127.0.0.1", apiKey, page } = options;
  return createApp(toService(options), { host, apiKey, page, isClosing: () => false });
}

/** What the routes share. Throws `ChatError` for a chat template that is broken. */
export function toService(options: RoutesOptions): Service {
  const { engine, tokenizer, model, limits, adapters = [], defaults = {} } = options;
  const admission = new Admission(limits);
  const template = chatTemplate(tokenizer);
  return {
    ...{ engine, tokenizer, model, limits, adapters, defaults, admission, template },
    turnEnd: turnEnd(template),
    prompts: new PromptEncoder(tokenizer, model.contextLength),
    metrics: new Metrics(engine, admission),
    onFault: options.onFault ?? ((error) => console.error(error)),
  };
}
