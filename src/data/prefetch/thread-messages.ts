/** What the step's thread and the batches' thread tell each other. All of it survives a structured clone. */
import { AutodidactError } from "../../core/errors.js";
import { DataError } from "../../files/errors.js";

/** A batch by the names of its tensors. */
export type BatchArrays = Record<string, Float32Array | Int32Array>;

/** Makes a batch: a pure function of its index. */
export type MakeBatch = (index: number) => Promise<BatchArrays>;

export interface ThreadOptions {
  /** The module that exports `batches`. */
  readonly module: string;
  readonly options: unknown;
}

export interface BatchRequest {
  readonly id: number;
  readonly index: number;
}

export type BatchAnswer =
  | { readonly id: number; readonly batch: BatchArrays }
  | { readonly id: number; readonly error: ErrorParts };

/** An error without its class, which does not survive the way. */
export interface ErrorParts {
  readonly name: string;
  readonly what: string;
  readonly values: string;
  readonly advice: string;
}

export function partsOf(error: unknown): ErrorParts {
  if (error instanceof AutodidactError) {
    const { name, what, values, advice } = error;
    return { name, what, values, advice };
  }
  return {
    name: DataError.name,
    what: "Making a batch failed",
    values: error instanceof Error ? (error.stack ?? error.message) : String(error),
    advice: "start again; if it fails at the same batch, look at the data and at the memory left",
  };
}

/** The error as it was, by its name; as a class it is a DataError. */
export function errorOf({ name, what, values, advice }: ErrorParts): DataError {
  return Object.assign(new DataError(what, values, advice), { name });
}
