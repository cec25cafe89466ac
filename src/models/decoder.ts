import type { Tensor } from "../core/graph/tensor.js";
import type { KeysAndValues } from "../nn/attention.js";
import type { Parameter, Parameters } from "../nn/parameter.js";

/** What one decoding graph reads beside the parameters. */
export interface DecodeInputs {
  /** int64 [b, t]: the new tokens. */
  readonly ids: Tensor<"b t">;
  /** int64 [b, t]: their positions. */
  readonly positions: Tensor<"b t">;
  /** 0 where a key is visible, a large negative number where it is not: [b, 1, t, past + t]. */
  readonly bias: Tensor;
  /**
   * int64: how many positions each key lies before its query, [b or 1, 1, t, past + t], for layers that see a window.
   * Default: the past lies at 0, 1 and so on, and the new tokens at `positions`.
   */
  readonly distances?: Tensor;
  /** One past a layer, [b, kvHeads, past, headWidth]; `bias` hides what of it is not filled. */
  readonly past: readonly KeysAndValues[];
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
  /** Final hidden states [b, t, c] of the new tokens, and their keys and values [b, kvHeads, t, headWidth]. */
  decode(p: Parameters, inputs: DecodeInputs): { hidden: Tensor<"b t c">; fresh: KeysAndValues[] };
  /** `config.json` as Hugging Face Transformers reads it. */
  huggingFaceConfig(): Record<string, unknown>;
}
