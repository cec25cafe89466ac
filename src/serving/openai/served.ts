/** A language model, served as OpenAI's API has it. */
import type { Hono } from "hono";
import { chatTemplate } from "../../features/chat/chat-template.js";
import { toolStyle } from "../../features/chat/tool-style.js";
import { turnEnd } from "../../features/chat/turn-end.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { Sampling } from "../../generation/sampling.js";
import type { Engine } from "../engine/engine.js";
import { ServingError } from "../errors.js";
import type { Host, Route, Served } from "../http/served.js";
import { chatCompletions } from "./chat-completions.js";
import { completions } from "./completions.js";
import { embeddings } from "./embeddings.js";
import { AnswerMetrics } from "./metrics.js";
import { modelNames } from "./models.js";
import { PromptEncoder } from "./prompt.js";
import { ResponseMemory } from "./response-memory.js";
import { responses } from "./responses.js";
import type { ServedModel, Service } from "./service.js";

/** A language model, and how it is served. */
export interface LanguageServing {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly model: ServedModel;
  /** Names of adapters that the engine has. */
  readonly adapters?: readonly string[];
  /** How to sample where a request does not say; what is left open is temperature 1, top_p 1. */
  readonly defaults?: Partial<Sampling>;
  /** Most tokens of one answer; absent: what the context leaves. */
  readonly maxTokensPerRequest?: number;
  /** The chat page. */
  readonly page?: Hono;
}

/** Throws `ChatError` for a chat template that is broken. The engine stays open when the server closes. */
export function serveLanguage(options: LanguageServing): Served {
  const { engine, tokenizer, model, adapters = [], defaults = {}, page, maxTokensPerRequest } = options;
  const template = chatTemplate(tokenizer);
  const prompts = new PromptEncoder(tokenizer, model.contextLength);
  const known = { engine, tokenizer, model, adapters, defaults, template, prompts };
  const fixed = {
    ...{ ...known, maxTokensPerRequest },
    ...{ turnEnd: turnEnd(template), toolStyle: toolStyle(template) },
  };
  const memory = new ResponseMemory();
  let metrics: AnswerMetrics;
  const route = (
    path: string,
    answer: (c: Parameters<Route["handle"]>[0], service: Service) => Promise<Response>,
  ) => ({
    ...{ method: "POST" as const, path },
    handle: (c: Parameters<Route["handle"]>[0], host: Host) => answer(c, { ...fixed, ...host, metrics }),
  });
  return {
    models: modelNames(known),
    routes: [
      route("/v1/chat/completions", chatCompletions),
      route("/v1/responses", (c, service) => responses(c, service, memory)),
      route("/v1/completions", completions),
      route("/v1/embeddings", embeddings),
    ],
    page,
    watch(registry, admission) {
      metrics = new AnswerMetrics(registry, engine, admission);
    },
    hasFailed: () => hasFailed(engine),
    facts: { adapters, contextLength: model.contextLength },
    description: `context ${model.contextLength}`,
    example: {
      path: "/v1/chat/completions",
      body: { model: model.name, messages: [{ role: "user", content: "Hello" }] },
    },
    close: async () => {},
  };
}

/** A request that is aborted already costs nothing, and an engine that has failed says so all the same. */
async function hasFailed(engine: Engine): Promise<boolean> {
  try {
    await engine.embed(Int32Array.of(0), AbortSignal.abort());
    return false;
  } catch (error) {
    return error instanceof ServingError;
  }
}
