/**
 * The Llama family (Touvron et al. 2023): RMSNorm before each sub-layer, rotary positions, SwiGLU, grouped
 * key/value heads; with query/key norm it is Qwen3's decoder (Yang et al. 2025). Exact; parameters carry
 * the names and layouts of the Hugging Face checkpoints.
 */
import { multiplySizes } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { expand, reshape, transpose } from "../core/ops/movement.js";
import { applyRotary } from "../core/ops/normalise.js";
import { swiGlu } from "../nn/activation.js";
import { cachedAttention, causalAttention, causalMask, type KeysAndValues } from "../nn/attention.js";
import { linear } from "../nn/linear.js";
import { rmsNorm } from "../nn/norm.js";
import { filled, normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { rotaryAngles } from "../nn/rotary.js";
import type { Decoder } from "./decoder.js";
import { arange, checkDivides, flattenTokens } from "./shapes.js";

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
  /** The head is the token embedding; default false. */
  readonly tiedHead?: boolean;
  /** Default 10000. */
  readonly ropeTheta?: number;
  /** Default 1e-6. */
  readonly rmsNormEpsilon?: number;
}

/** A Llama-family decoder of these sizes. Throws `ModelError` when heads do not divide. */
export function llama(config: LlamaConfig): Decoder {
  const { vocabSize, contextLength, numLayers, numHeads, width, hiddenWidth } = config;
  const { kvHeads = numHeads, qkNorm = false, tiedHead = false } = config;
  const { ropeTheta = 10_000, rmsNormEpsilon: epsilon = 1e-6 } = config;
  checkDivides("numHeads", numHeads, "kvHeads", kvHeads);
  if (config.headWidth === undefined) checkDivides("width", width, "numHeads", numHeads);
  const headWidth = config.headWidth ?? width / numHeads;
  checkDivides("headWidth", headWidth, "2", 2);
  let angles: ReturnType<typeof rotaryAngles> | undefined;

  const norm = (p: Parameters, x: Tensor, name: string) => rmsNorm(x, p(`${name}.weight`), epsilon);
  const feedForward = (p: Parameters, x: Tensor, mlp: string) =>
    linear(p, swiGlu(linear(p, x, `${mlp}.gate_proj`), linear(p, x, `${mlp}.up_proj`)), `${mlp}.down_proj`);
  /** A projection to `count` heads, normed if the family does, turned by its position. */
  const turned = (p: Parameters, x: Tensor, name: string, count: number, positions: Tensor) => {
    const y = linear(p, x, `${name}_proj`);
    const heads = reshape(y, [...positions.shape, count, headWidth]); // rows columns h d
    const normed = qkNorm ? norm(p, heads, `${name}_norm`) : heads;
    const merged = reshape(normed, [...positions.shape, count * headWidth]);
    angles ??= rotaryAngles(contextLength, headWidth, ropeTheta); // not before the weights prove the sizes
    return reshape(applyRotary(merged, angles.cos, angles.sin, positions, count), y.shape);
  };

  return {
    vocabSize,
    contextLength,
    numLayers,
    numHeads,
    kvHeads,
    headWidth,
    parameters: parametersOf(config, { kvHeads, headWidth, qkNorm, tiedHead }),

    hidden(p, ids, { packing } = {}) {
      const [batch, time] = ids.shape;
      const places = packing
        ? transpose(packing.positions)
        : expand(reshape(arange(time), [time, 1]), [time, batch]);
      // Rows of one token: the operator wants no row longer than there are angles, and batches may be large.
      const positions = reshape(places, [multiplySizes(time, batch), 1]);
      const mask = causalMask(time, packing?.segments);
      let x: Tensor<"n c"> = flattenTokens(gather(p("model.embed_tokens.weight"), transpose(ids)));
      for (let layer = 0; layer < numLayers; layer++) {
        const block = `model.layers.${layer}`;
        const attention = `${block}.self_attn`;
        x = p.eachLayer(() => {
          const y = norm(p, x, `${block}.input_layernorm`); // n c
          const q = turned(p, y, `${attention}.q`, numHeads, positions); // n (h d)
          const k = turned(p, y, `${attention}.k`, kvHeads, positions); // n (kv d)
          const v = linear(p, y, `${attention}.v_proj`);
          const mixed = causalAttention(q, k, v, { numHeads, headWidth, batch, mask });
          const z = add(x, linear(p, mixed, `${attention}.o_proj`));
          return add(z, feedForward(p, norm(p, z, `${block}.post_attention_layernorm`), `${block}.mlp`));
        });
      }
      return norm(p, x, "model.norm");
    },

    head: (p) => p(tiedHead ? "model.embed_tokens.weight" : "lm_head.weight"),

    decode(p, { ids, positions, bias, past }) {
      const [batch, time] = ids.shape;
      const heads = (x: Tensor, count: number) =>
        transpose(reshape(x, [batch, time, count, headWidth]), [0, 2, 1, 3]); // b n t d
      const fresh: KeysAndValues[] = [];
      let x: Tensor<"b t c"> = gather(p("model.embed_tokens.weight"), ids);
      for (let layer = 0; layer < numLayers; layer++) {
        const block = `model.layers.${layer}`;
        const attention = `${block}.self_attn`;
        const y = norm(p, x, `${block}.input_layernorm`); // b t c
        const q = heads(turned(p, y, `${attention}.q`, numHeads, positions), numHeads);
        const keys = heads(turned(p, y, `${attention}.k`, kvHeads, positions), kvHeads);
        const values = heads(linear(p, y, `${attention}.v_proj`), kvHeads);
        fresh.push({ keys, values });
        const mixed = transpose(cachedAttention(q, past[layer], fresh[layer], bias), [0, 2, 1, 3]); // b t h d
        x = add(x, linear(p, reshape(mixed, [batch, time, numHeads * headWidth]), `${attention}.o_proj`));
        x = add(x, feedForward(p, norm(p, x, `${block}.post_attention_layernorm`), `${block}.mlp`));
      }
      return { hidden: norm(p, x, "model.norm"), fresh };
    },

    huggingFaceConfig: () => ({
      architectures: [qkNorm ? "Qwen3ForCausalLM" : "LlamaForCausalLM"],
      model_type: qkNorm ? "qwen3" : "llama",
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
      rope_theta: ropeTheta,
      attention_bias: false,
      mlp_bias: false,
      attention_dropout: 0,
      tie_word_embeddings: tiedHead,
      torch_dtype: "float32",
    }),
  };
}

/**
 * Matrices are normal with deviation 1 / sqrt(fan-in), which keeps activations at unit size; projections back
 * into the residual stream start at zero, so that every block starts as the identity (Yang et al. 2022).
 */
function parametersOf(
  { vocabSize, numLayers, numHeads, width, hiddenWidth }: LlamaConfig,
  {
    kvHeads,
    headWidth,
    qkNorm,
    tiedHead,
  }: Required<Pick<LlamaConfig, "kvHeads" | "headWidth" | "qkNorm" | "tiedHead">>,
): Parameter[] {
  const matrix = (name: string, rows: number, columns: number, zero = false): Parameter => ({
    name: `${name}.weight`,
    shape: [rows, columns],
    role: "matrix",
    init: zero ? filled(0) : normal(1 / Math.sqrt(columns)),
    inputAxis: 1,
  });
  const norm = (name: string, size = width): Parameter => ({
    name: `${name}.weight`,
    shape: [size],
    role: "vector",
    init: filled(1),
  });
  const block = (layer: string) => [
    norm(`${layer}.input_layernorm`),
    matrix(`${layer}.self_attn.q_proj`, numHeads * headWidth, width),
    matrix(`${layer}.self_attn.k_proj`, kvHeads * headWidth, width),
    matrix(`${layer}.self_attn.v_proj`, kvHeads * headWidth, width),
    matrix(`${layer}.self_attn.o_proj`, width, numHeads * headWidth, true),
    ...(qkNorm
      ? [norm(`${layer}.self_attn.q_norm`, headWidth), norm(`${layer}.self_attn.k_norm`, headWidth)]
      : []),
    norm(`${layer}.post_attention_layernorm`),
    matrix(`${layer}.mlp.gate_proj`, hiddenWidth, width),
    matrix(`${layer}.mlp.up_proj`, hiddenWidth, width),
    matrix(`${layer}.mlp.down_proj`, width, hiddenWidth, true),
  ];
  return [
    { name: "model.embed_tokens.weight", shape: [vocabSize, width], role: "embedding", init: normal(0.02) },
    ...Array.from({ length: numLayers }, (_, layer) => block(`model.layers.${layer}`)).flat(),
    norm("model.norm"),
    ...(tiedHead
      ? []
      : [{ name: "lm_head.weight", shape: [vocabSize, width], role: "head", init: normal(0.02) } as const]),
  ];
}
