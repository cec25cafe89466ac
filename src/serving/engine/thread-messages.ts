/** What the server's thread and the model's thread tell each other. All of it survives a structured clone. */
import { AutodidactError } from "../../core/errors.js";
import type { Device } from "../../core/runtime/session.js";
import type { GenerationDefaults } from "../../interop/generation-config.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import { ServingError } from "../errors.js";
import { type EngineLoad, type GenerationEvent, type GenerationRequest, RequestError } from "./engine.js";

export interface EngineOptions {
  /** A model's folder, or a run's. */
  readonly folder: string;
  /** Which checkpoint of a run (default latest). */
  readonly checkpoint?: Checkpoint;
  /** How the matrices are kept (default float32). */
  readonly weights?: "float32" | "int8" | "int4";
  /** Most texts that are written at once (default 16). */
  readonly maxActive?: number;
  /** Memory for beginnings of prompts that are read once for all requests, in bytes (default 256 MiB; 0: none). */
  readonly prefixCacheBytes?: number;
  /** Where the model computes (default: the CPU). */
  readonly device?: Device;
  /** Threads of the model (default: one a core). */
  readonly threads?: number;
  /** The folders of adapters, by the names that requests give them. */
  readonly adapters?: Readonly<Record<string, string>>;
}

export interface ModelInfo {
  readonly contextLength: number;
  /** Rows of the embedding, which may be more than the tokenizer has tokens. */
  readonly vocabSize: number;
  readonly parameterCount: number;
  /** How the model's author suggests to sample. */
  readonly generation: GenerationDefaults;
  readonly adapters: readonly string[];
}

export type Command =
  | { readonly kind: "generate"; readonly id: number; readonly request: GenerationRequest }
  | { readonly kind: "embed"; readonly id: number; readonly ids: Int32Array }
  | { readonly kind: "cancel"; readonly id: number }
  /** The thread ends, whatever it is doing. */
  | { readonly kind: "close" };

/** About one request. An end, an embedding or an error is the last. */
export type Answer =
  | GenerationEvent
  | { readonly kind: "embedding"; readonly values: Float32Array }
  | { readonly kind: "error"; readonly error: ErrorParts };

export type ThreadMessage =
  | {
      readonly kind: "ready";
      /** `tokenizer.json` and `tokenizer_config.json`. */
      readonly tokenizer: object;
      readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
      readonly info: ModelInfo;
    }
  | { readonly kind: "failed"; readonly error: ErrorParts }
  /** Everything since the last message, by the number of its request. */
  | {
      readonly kind: "answers";
      readonly answers: readonly (readonly [number, Answer])[];
      readonly load: EngineLoad;
    };

/** An error without its class, which does not survive the way. */
export interface ErrorParts {
  readonly what: string;
  readonly values: string;
  readonly advice: string;
  readonly isOfRequest: boolean;
}

export function partsOf(error: unknown): ErrorParts {
  if (error instanceof AutodidactError) {
    const { what, values, advice } = error;
    return { what, values, advice, isOfRequest: error instanceof RequestError };
  }
  return {
    what: "the model's thread failed",
    values: error instanceof Error ? (error.stack ?? error.message) : String(error),
    advice: "ask again; if it happens every time, start the server anew",
    isOfRequest: false,
  };
}

export function errorOf({ what, values, advice, isOfRequest }: ErrorParts): ServingError {
  return new (isOfRequest ? RequestError : ServingError)(what, values, advice);
}
