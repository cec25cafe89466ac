/** What the server's thread and the thread of a model's uses tell each other. All of it survives a structured clone. */
import { AutodidactError } from "../../core/errors.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import { RequestError } from "../../serving/engine/engine.js";
import { ServingError } from "../../serving/errors.js";
import type { InputFile, Output, UseRequest, Verb } from "../modality.js";

export interface ThreadOptions {
  /** As it was named, and where it lies. */
  readonly name: string;
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  /** URL of a module that exports `modalities`; default: those of table.ts. */
  readonly modalities?: string;
}

export interface UseMessage {
  readonly id: number;
  readonly verb: Verb;
  readonly options: UseRequest["options"];
  readonly inputs: readonly InputFile[];
  readonly wanted?: UseRequest["wanted"];
  /** Not 0 once nobody waits any more. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
}

export type UseAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: ErrorParts }
  | { readonly kind: "done"; readonly id: number; readonly outputs: readonly Output[] }
  | { readonly kind: "error"; readonly id: number; readonly error: ErrorParts };

/** An error without its class, which does not survive the way. */
export interface ErrorParts {
  readonly what: string;
  readonly values: string;
  readonly advice: string;
  /** Thrown on purpose: who asked can do something about it. */
  readonly isOfRequest: boolean;
}

export function partsOf(error: unknown): ErrorParts {
  if (error instanceof AutodidactError) {
    const { what, values, advice } = error;
    return { what, values, advice, isOfRequest: true };
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
