/** What models of speech have in common. They read frames of features, recordings of a batch padded to one length. */
import type { Tensor } from "../core/graph/tensor.js";
import type { Parameter, Parameters } from "../nn/parameter.js";

/** What all models of speech share. */
export interface SpeechModel {
  /** Every parameter once, in the order of the checkpoint. */
  readonly parameters: readonly Parameter[];
  /** What `config.json` says of it; `model_type` and `architectures` name the kind. */
  config(): Record<string, unknown>;
}

/** What is known of the frames [b, t, f] of a batch. */
export interface FrameMarks {
  /** 1 for a frame of the recording, 0 for padding behind it, which changes no other frame. */
  readonly valid: Tensor<"b t">;
  /** 1 for a frame that is hidden: a learned vector stands for it. By default none is. */
  readonly masked?: Tensor<"b t">;
  /**
   * What each layer adds to each recording is multiplied by this: 0, or 1 / the share of layers kept.
   * [stochastic depth: Huang et al. 2016]
   */
  readonly keep?: Tensor<"l b">;
}

/** Gives one vector a frame. */
export interface SpeechEncoder extends SpeechModel {
  /** Of a frame that is read. */
  readonly featureWidth: number;
  /** Of a frame's vector. */
  readonly width: number;
  readonly numLayers: number;
  /** One vector a frame; those of padding say nothing. */
  encode(p: Parameters, features: Tensor<"b t f">, marks: FrameMarks): Tensor<"b t c">;
}

/** Says for every frame which symbol is heard: an encoder with a linear layer above. */
export interface SpeechRecogniser extends SpeechModel {
  readonly encoder: SpeechEncoder;
  /** Symbols, the blank (number 0) among them. */
  readonly vocabSize: number;
  /** A score a symbol, before the softmax. */
  logits(p: Parameters, features: Tensor<"b t f">, marks: FrameMarks): Tensor<"b t v">;
}
