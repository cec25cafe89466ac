/**
 * The Llama family (Touvron et al. 2023), whose layers are alike but for a few choices: with biases on queries, keys and
 * values it is Qwen2 (Yang et al. 2024), with query/key norm Qwen3 (Yang et al. 2025), with some layers that do not know
 * positions SmolLM3 (Bakouch et al. 2025). Exact; see rotary-decoder.ts for the forward passes.
 */
import { swiGlu } from "../nn/activation.js";
import type { Rotary, RotaryScaling } from "../nn/rotary.js";
import type { Decoder } from "./decoder.js";
import { ropeScalingFields } from "./rope-scaling.js";
import { rotaryDecoder } from "./rotary-decoder.js";
import { checkDivides, ModelError } from "./shapes.js";

/** Sizes and variants of a decoder of the Llama family. */
export interface LlamaConfig {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Key/value heads; default numHeads. */
  readonly kvHeads?: number;
  readonly width: number;
  /** Default width / numHeads. */
  readonly headWidth?: number;
  /** Width inside SwiGLU. */
  readonly hiddenWidth: number;
  /** RMSNorm over each query and key head, as in Qwen3; default false. */
  readonly qkNorm?: boolean;
  /** Biases on the projections to queries, keys and values, as in Qwen2; default false. */
  readonly qkvBias?: boolean;
  /** Numbers, from 0, of layers that do not know positions, as in SmolLM3; default none. */
  readonly noRopeLayers?: readonly number[];
  /** The head is the token embedding; default false. */
  readonly tiedHead?: boolean;
  /** Default 10000. */
  readonly ropeTheta?: number;
  /** Default: positions are as they are. */
  readonly ropeScaling?: RotaryScaling;
  /** Default 1e-6. */
  readonly rmsNormEpsilon?: number;
}

/** A Llama-family decoder of these sizes. Throws `ModelError` when heads do not divide, or variants exclude each other. */
export function llama(config: LlamaConfig): Decoder {
  const { vocabSize, contextLength, numLayers, numHeads, width, hiddenWidth } = config;
  const { kvHeads = numHeads, qkNorm = false, qkvBias = false, tiedHead = false } = config;
  const { noRopeLayers = [], ropeScaling: scaling, rmsNormEpsilon: epsilon = 1e-6 } = config;
  checkDivides("numHeads", numHeads, "kvHeads", kvHeads);
  if (config.headWidth === undefined) checkDivides("width", width, "numHeads", numHeads);
  const headWidth = config.headWidth ?? width / numHeads;
  checkDivides("headWidth", headWidth, "2", 2);
  checkVariants(config);
  const rotary: Rotary = { theta: config.ropeTheta ?? 10_000, scaling };
  const modelType = qkNorm ? "qwen3" : qkvBias ? "qwen2" : noRopeLayers.length > 0 ? "smollm3" : "llama";
  const isTurned = Array.from({ length: numLayers }, (_, layer) => !noRopeLayers.includes(layer));

  return rotaryDecoder({
    vocabSize,
    contextLength,
    numHeads,
    kvHeads,
    headWidth,
    width,
    hiddenWidth,
    layers: isTurned.map((turned) => (turned ? { rotary } : {})),
    norms: { attention: { before: "input_layernorm" }, feedForward: { before: "post_attention_layernorm" } },
    normScale: "weight",
    normEpsilon: epsilon,
    qkNorm,
    qkvBias,
    attentionScale: 1 / Math.sqrt(headWidth),
    gated: swiGlu,
    embeddingScale: 1,
    tiedHead,

    huggingFaceConfig: () => ({
      architectures: [architectures[modelType]],
      model_type: modelType,
      vocab_size: vocabSize,
      max_position_embeddings: contextLength,
      hidden_size: width,
      intermediate_size: hiddenWidth,
      num_hidden_layers: numLayers,
      num_attention_heads: numHeads,
      num_key_value_heads: kvHeads,
      head_dim: headWidth,
      hidden_act: "silu",
      rms_norm_eps: epsilon,
      rope_theta: rotary.theta,
      ...(scaling ? { rope_scaling: ropeScalingFields(scaling) } : {}),
      // Where it is missing, Transformers takes token 128004 for padding, which a small vocabulary does not have.
      ...(modelType === "smollm3" ? { no_rope_layers: isTurned.map(Number), pad_token_id: null } : {}),
      ...(modelType === "qwen2" ? {} : { attention_bias: false, mlp_bias: false }),
      attention_dropout: 0,
      tie_word_embeddings: tiedHead,
      torch_dtype: "float32",
    }),
  });
}

const architectures = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
  smollm3: "SmolLM3ForCausalLM",
};

function checkVariants({ numLayers, noRopeLayers = [], qkNorm, qkvBias }: LlamaConfig): void {
  const stranger = noRopeLayers.find(
    (layer) => !(Number.isInteger(layer) && layer >= 0 && layer < numLayers),
  );
  if (stranger !== undefined) {
    throw new ModelError(
      "noRopeLayers names a layer that is not there",
      `layer ${stranger} of ${numLayers}, counted from 0`,
      "name layers that the model has",
    );
  }
  const variants = { qkNorm, qkvBias, noRopeLayers: noRopeLayers.length > 0 };
  const chosen = Object.entries(variants).flatMap(([name, isOn]) => (isOn ? [name] : []));
  if (chosen.length <= 1) return;
  throw new ModelError(
    "no architecture that others open has these variants together",
    chosen.join(" and "),
    "choose one: qkvBias is Qwen2's, qkNorm is Qwen3's, noRopeLayers is SmolLM3's",
  );
}
