import type { Tensor } from "../core/graph/tensor.js";
import type { NewHeads } from "../nn/attention-in-place.js";
import type { Parameter, Parameters } from "../nn/parameter.js";

/** What one decoding graph reads beside the parameters. */
export interface DecodeInputs {
  /** int64 [b, t]: the new tokens. */
  readonly ids: Tensor<"b t">;
  /** int64 [b, t]: their positions. */
  readonly positions: Tensor<"b t">;
  /** How they meet what was read before: see past.ts. */
  readonly attend: Attend;
}

/** The attention [b, t, h d] of new tokens in one layer, which keeps their keys and values. */
export type Attend = (layer: number, heads: NewHeads, seen: Seen) => Tensor<"b t c">;

/** How a layer weighs keys. */
export interface Seen {
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Keys so many positions or more before a query are hidden; absent: none is. */
  readonly window?: number;
}

/** What `hidden` takes beside parameters and ids. */
export interface HiddenOptions {
  /** Several texts in one row, none of which sees another. Default: one text a row. */
  readonly packing?: Packing;
}

/** Where the texts of a row lie, each int64 [b, t]. */
export interface Packing {
  /** Each token's place in its own text. */
  readonly positions: Tensor<"b t">;
  /** The number of its text. */
  readonly segments: Tensor<"b t">;
}

/** A decoder-only language model: traced for training by `hidden`, for generation by `decode`. */
export interface Decoder {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  /** Every parameter once, in the order of the checkpoint. */
  readonly parameters: readonly Parameter[];
  /** Final hidden states [n, c] for int64 ids [b, t], with n = t b, time first: see `causalAttention`. */
  hidden(p: Parameters, ids: Tensor<"b t">, options?: HiddenOptions): Tensor<"n c">;
  /** The output embedding [v, c]: logits are hidden states times its transpose. */
  head(p: Parameters): Tensor<"v c">;
  /** Final hidden states [b, t, c] of the new tokens. */
  decode(p: Parameters, inputs: DecodeInputs): Tensor<"b t c">;
  /** `config.json` as Hugging Face Transformers reads it. */
  huggingFaceConfig(): Record<string, unknown>;
}
