import type { Tensor } from "../core/graph/tensor.js";
import type { Parameters } from "../nn/parameter.js";
import { normal, type Parameter } from "../nn/parameter.js";
import type { FrameMarks, SpeechEncoder, SpeechModel } from "./speech-encoder.js";

/** An encoder below a linear layer for each of several codebooks, by which codes of hidden frames are told. */
export interface CodePredictor extends SpeechModel {
  readonly encoder: SpeechEncoder;
  /** In a codebook. */
  readonly numCodes: number;
  readonly numCodebooks: number;
  /** The frames' vectors. */
  hidden(p: Parameters, features: Tensor<"b t f">, marks: FrameMarks): Tensor<"b t c">;
  /** The layer above them for a codebook. */
  head(p: Parameters, codebook: number): Tensor<"v c">;
}

/** Sizes of what an encoder predicts. */
export interface CodePredictorConfig {
  readonly numCodes: number;
  readonly numCodebooks: number;
}

/**
 * The network of BEST-RQ (Chiu et al. 2022): what is learned in the encoder is used; the layers above it, the
 * parameters `code_heads.`, are not. Departure: they have no bias.
 */
export function codePredictor(
  encoder: SpeechEncoder,
  { numCodes, numCodebooks }: CodePredictorConfig,
): CodePredictor {
  const nameOf = (codebook: number) => `code_heads.${codebook}.weight`;
  const heads = Array.from(
    { length: numCodebooks },
    (_, codebook): Parameter => ({
      name: nameOf(codebook),
      shape: [numCodes, encoder.width],
      role: "head",
      init: normal(0.02),
    }),
  );
  return {
    encoder,
    numCodes,
    numCodebooks,
    parameters: [...encoder.parameters, ...heads],
    hidden: encoder.encode,
    head: (p, codebook) => p(nameOf(codebook)),
    config: encoder.config,
  };
}
