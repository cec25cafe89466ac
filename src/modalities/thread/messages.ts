/** What the server's thread and the thread of a model's uses tell each other. All of it survives a structured clone. */
import { AutodidactError } from "../../core/errors.js";
import type { Device } from "../../core/runtime/session.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import { type ErrorParts, partsOf as partsOfError } from "../../serving/engine/thread-messages.js";
import type { InputFile, Output, UseRequest, Verb } from "../modality.js";

export interface ThreadOptions {
  /** As it was named, and where it lies. */
  readonly name: string;
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  /** Where it computes (default: the CPU). */
  readonly device?: Device;
  /** URL of a module that exports `modalities`; default: those of table.ts. */
  readonly modalities?: string;
}

/** Instead of a use: the thread ends when the uses before it are done, and gives the model's memory back. */
export const endThread = "end";

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

/** What was thrown on purpose, who asked can do something about. */
export function partsOf(error: unknown): ErrorParts {
  return { ...partsOfError(error), isOfRequest: error instanceof AutodidactError };
}
