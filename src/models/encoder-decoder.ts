/** What models that turn one sequence of tokens into another have in common. */
import type { Tensor } from "../core/graph/tensor.js";
import type { KeysAndValues } from "../nn/attention.js";
import type { Dropout } from "../nn/dropout.js";
import type { Parameter, Parameters } from "../nn/parameter.js";
import type { DecodeInputs } from "./decoder.js";
import type { PastBeside } from "./past.js";

/** Sequences that are read, padded to one length. */
export interface SourceTokens {
  /** int64 [b, s] */
  readonly ids: Tensor<"b s">;
  /** 1 for a token, 0 for padding behind it, which changes no token: [b, s]. */
  readonly valid: Tensor<"b s">;
}

/** What one decoding graph reads beside the parameters; `past` is that of the sequence that is written. */
export interface EncoderDecoderInputs extends Pick<DecodeInputs, "ids">, Omit<PastBeside, "distances"> {
  /** int64 [b, past], or [1, past] for all: the positions of what the past holds; default 0, 1, 2, ... */
  readonly pastPositions?: Tensor<"b s">;
  /** One a layer, see `EncoderDecoder.memory`. */
  readonly memory: readonly KeysAndValues[];
  /** 0 where a token of the source is, a large negative number where padding is: [b, 1, 1, s]. */
  readonly memoryBias: Tensor;
}

/** Writes a sequence of tokens while it looks at another one. */
export interface EncoderDecoder {
  readonly vocabSize: number;
  readonly width: number;
  readonly numHeads: number;
  readonly headWidth: number;
  /** Of the encoder. */
  readonly numLayers: number;
  readonly numDecoderLayers: number;
  /** Every parameter once, in the order of the checkpoint. */
  readonly parameters: readonly Parameter[];
  /** In how many places values are dropped out: the encoder's, then the decoder's. */
  readonly dropoutSites: number;
  /** The encoder's states; those of padding say nothing. */
  encode(p: Parameters, source: SourceTokens, dropout?: Dropout): Tensor<"b s c">;
  /**
   * Final states [n, c] of the decoder for int64 inputs [b, t], n = b t, batch first, each of which sees those not behind
   * it and all of the source: times the transposed head they are logits.
   */
  decodeAll(
    p: Parameters,
    encoded: Tensor<"b s c">,
    source: Pick<SourceTokens, "valid">,
    inputs: Tensor<"b t">,
    dropout?: Dropout,
  ): Tensor<"n c">;
  /** The output embedding. */
  head(p: Parameters): Tensor<"v c">;
  /** What each layer of the decoder looks at in the source, [b, h, s, d]: computed once a sequence. */
  memory(p: Parameters, encoded: Tensor<"b s c">): KeysAndValues[];
  /** Final states of the new tokens, as those of `decodeAll`, and their keys and values [b, h, t, d]. */
  decode(p: Parameters, inputs: EncoderDecoderInputs): { hidden: Tensor<"b t c">; fresh: KeysAndValues[] };
  /** `config.json` as Hugging Face Transformers reads it. */
  config(): Record<string, unknown>;
}
