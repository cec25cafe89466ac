/**
 * A bidirectional transformer over a grid of voices and steps, some of whose notes are hidden: it says of every note what
 * it may be, given all that can be seen (Coconet: Huang et al. 2017; order-agnostic: Hoogeboom et al. 2022,
 * "Autoregressive Diffusion Models"). A step is one row: the sum of what its voices do, and of its place.
 */
import type { Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { linearWithBias } from "../nn/linear.js";
import { normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { checkDivides } from "./shapes.js";
import { linearParameters, normParameters, vitLayer, vitLayerParameters, vitNorm } from "./vit-layer.js";

/** Sizes of a masked grid's model. */
export interface MaskedGridConfig {
  readonly steps: number;
  readonly numVoices: number;
  /** What a voice may do at a step: its pitches, and silence. */
  readonly numSymbols: number;
  readonly width: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly mlpWidth: number;
}

/** A model of notes that are hidden among others. */
export interface MaskedGrid extends MaskedGridConfig {
  readonly parameters: readonly Parameter[];
  /**
   * Logits [t b v, k] of every voice at every step. symbols: [b, t, v], each from 0 to `numSymbols`, which stands for a
   * note that is hidden, and `voice * (numSymbols + 1)` more.
   */
  logits(p: Parameters, symbols: Tensor<"b t v">): Tensor<"n k">;
  config(): Record<string, unknown>;
}

/** A model of these sizes. Throws `ModelError` when heads do not divide the width. */
export function maskedGrid(config: MaskedGridConfig): MaskedGrid {
  const { steps, numVoices, numSymbols, width, numLayers, numHeads, mlpWidth } = config;
  checkDivides("width", width, "numHeads", numHeads);
  return {
    ...config,
    parameters: [
      {
        name: "voice_embeddings.weight",
        shape: [numVoices * (numSymbols + 1), width],
        role: "embedding",
        init: normal(0.02),
      },
      { name: "step_embeddings.weight", shape: [steps, width], role: "embedding", init: normal(0.02) },
      ...Array.from({ length: numLayers }, (_, layer) =>
        vitLayerParameters(`layers.${layer}`, width, mlpWidth),
      ).flat(),
      ...normParameters("norm", width),
      ...linearParameters("head", width, numVoices * numSymbols),
    ],

    logits(p, symbols) {
      const [batch] = symbols.shape;
      const seen = gather(p("voice_embeddings.weight"), transpose(symbols, [1, 0, 2])); // t b v c
      const places = reshape(p("step_embeddings.weight"), [steps, 1, width]);
      let rows = reshape<"n c">(add(sum(seen, [2]), places), [-1, width]);
      for (let layer = 0; layer < numLayers; layer++) {
        rows = p.eachLayer(() => vitLayer(p, rows, `layers.${layer}`, { numHeads, batch }));
      }
      return reshape<"n k">(linearWithBias(p, vitNorm(p, rows, "norm"), "head"), [-1, numSymbols]);
    },

    config: () => ({
      model_type: "autodidact_masked_grid",
      num_steps: steps,
      num_voices: numVoices,
      num_symbols: numSymbols,
      hidden_size: width,
      num_hidden_layers: numLayers,
      num_attention_heads: numHeads,
      intermediate_size: mlpWidth,
    }),
  };
}
