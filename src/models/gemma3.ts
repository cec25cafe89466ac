/**
 * Gemma 3's text decoder (Gemma Team 2025): of the layers most see a window of the text and some all of it, each kind
 * with its own rotary base; norms before and after each sub-layer multiply by 1 + w, queries and keys are normed, the
 * feed-forward is GeGLU, embeddings are scaled by the root of the width. Exact; see rotary-decoder.ts for the passes.
 */
import { geGlu } from "../nn/activation.js";
import type { RotaryScaling } from "../nn/rotary.js";
import type { Decoder } from "./decoder.js";
import { ropeScalingFields } from "./rope-scaling.js";
import { rotaryDecoder } from "./rotary-decoder.js";
import { checkDivides, ModelError } from "./shapes.js";

/** Sizes of a Gemma 3. */
export interface Gemma3Config {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Key/value heads; default numHeads. */
  readonly kvHeads?: number;
  readonly width: number;
  /** Default width / numHeads. */
  readonly headWidth?: number;
  /** Width inside GeGLU. */
  readonly hiddenWidth: number;
  /** Tokens that a layer with a window sees, itself included. */
  readonly slidingWindow: number;
  /** Numbers, from 0, of layers that see all of the text; default every sixth. */
  readonly globalLayers?: readonly number[];
  /** The root of it is what scores are divided by, `query_pre_attn_scalar`; default headWidth. */
  readonly queryScalar?: number;
  /** The head is the token embedding; default true. */
  readonly tiedHead?: boolean;
  /** Rotary base of layers that see everything; default 1000000. */
  readonly ropeTheta?: number;
  /** Of layers that see everything. Default: positions are as they are. */
  readonly ropeScaling?: RotaryScaling;
  /** Rotary base of layers with a window; default 10000. */
  readonly localRopeTheta?: number;
  /** Default 1e-6. */
  readonly rmsNormEpsilon?: number;
}

/** A Gemma 3 of these sizes. Throws `ModelError` when heads do not divide, or for layers that are not there. */
export function gemma3(config: Gemma3Config): Decoder {
  const { vocabSize, contextLength, numLayers, numHeads, width, hiddenWidth, slidingWindow } = config;
  const { kvHeads = numHeads, tiedHead = true, rmsNormEpsilon: epsilon = 1e-6 } = config;
  const { ropeTheta = 1_000_000, localRopeTheta = 10_000, ropeScaling: scaling } = config;
  checkDivides("width", width, "numHeads", numHeads); // Transformers demands it also where heads have a width of their own
  checkDivides("numHeads", numHeads, "kvHeads", kvHeads);
  const headWidth = config.headWidth ?? width / numHeads;
  checkDivides("headWidth", headWidth, "2", 2);
  const queryScalar = config.queryScalar ?? headWidth;
  const all = Array.from({ length: numLayers }, (_, layer) => layer);
  const globalLayers = config.globalLayers ?? all.filter((layer) => (layer + 1) % 6 === 0);
  checkLayers(globalLayers, numLayers);
  const isGlobal = all.map((layer) => globalLayers.includes(layer));
  const global = { rotary: { theta: ropeTheta, scaling } };
  const local = { rotary: { theta: localRopeTheta }, window: slidingWindow };

  return rotaryDecoder({
    vocabSize,
    contextLength,
    numHeads,
    kvHeads,
    headWidth,
    width,
    hiddenWidth,
    layers: isGlobal.map((seesAll) => (seesAll ? global : local)),
    norms: {
      attention: { before: "input_layernorm", after: "post_attention_layernorm" },
      feedForward: { before: "pre_feedforward_layernorm", after: "post_feedforward_layernorm" },
    },
    normScale: "1 + weight",
    normEpsilon: epsilon,
    qkNorm: true,
    qkvBias: false,
    attentionScale: 1 / Math.sqrt(queryScalar),
    gated: geGlu,
    embeddingScale: Math.sqrt(width),
    tiedHead,

    huggingFaceConfig: () => ({
      architectures: ["Gemma3ForCausalLM"],
      model_type: "gemma3_text",
      vocab_size: vocabSize,
      max_position_embeddings: contextLength,
      hidden_size: width,
      intermediate_size: hiddenWidth,
      num_hidden_layers: numLayers,
      num_attention_heads: numHeads,
      num_key_value_heads: kvHeads,
      head_dim: headWidth,
      hidden_activation: "gelu_pytorch_tanh",
      rms_norm_eps: epsilon,
      query_pre_attn_scalar: queryScalar,
      sliding_window: slidingWindow,
      layer_types: isGlobal.map((seesAll) => (seesAll ? "full_attention" : "sliding_attention")),
      rope_theta: ropeTheta,
      rope_local_base_freq: localRopeTheta,
      ...(scaling ? { rope_scaling: ropeScalingFields(scaling) } : {}),
      attention_bias: false,
      attention_dropout: 0,
      attn_logit_softcapping: null,
      final_logit_softcapping: null,
      pad_token_id: null, // missing, it is token 0, whose embedding Transformers then does not train
      tie_word_embeddings: tiedHead,
      torch_dtype: "float32",
    }),
  });
}

function checkLayers(globalLayers: readonly number[], numLayers: number): void {
  const stranger = globalLayers.find(
    (layer) => !(Number.isInteger(layer) && layer >= 0 && layer < numLayers),
  );
  if (stranger === undefined) return;
  throw new ModelError(
    "globalLayers names a layer that is not there",
    `layer ${stranger} of ${numLayers}, counted from 0`,
    "name layers that the model has",
  );
}
