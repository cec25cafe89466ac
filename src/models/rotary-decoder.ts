/**
 * The decoder that Llama, Qwen, SmolLM and Gemma are: RMSNorm, rotary positions, grouped key/value heads, a gated
 * feed-forward. What tells them apart is in a plan, as values; the two forward passes read it and know no family.
 * Parameters carry the names and layouts of the Hugging Face checkpoints.
 */
import { multiplySizes } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { expand, reshape, transpose } from "../core/ops/movement.js";
import { applyRotary, rmsNormalise } from "../core/ops/normalise.js";
import { causalAttention, causalMask } from "../nn/attention.js";
import { linear, linearWithBias } from "../nn/linear.js";
import { rmsNorm } from "../nn/norm.js";
import { filled, normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { type Rotary, rotaryAngles } from "../nn/rotary.js";
import type { Decoder } from "./decoder.js";
import { arange, flattenTokens } from "./shapes.js";

/** What one decoder of this kind is. */
export interface RotaryDecoderPlan {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly numHeads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly width: number;
  /** Width inside the feed-forward. */
  readonly hiddenWidth: number;
  readonly layers: readonly RotaryLayer[];
  /** The parts of a layer's name that its norms have. */
  readonly norms: { readonly attention: SublayerNorms; readonly feedForward: SublayerNorms };
  /** What a norm multiplies by: its weight, or one more. */
  readonly normScale: "weight" | "1 + weight";
  readonly normEpsilon: number;
  /** A norm over each query and key head. */
  readonly qkNorm: boolean;
  /** Biases on the projections to queries, keys and values. */
  readonly qkvBias: boolean;
  /** What products of queries and keys are multiplied by. */
  readonly attentionScale: number;
  /** Activation of the gate, times the other half. */
  readonly gated: (gate: Tensor, up: Tensor) => Tensor;
  /** What token embeddings are multiplied by. */
  readonly embeddingScale: number;
  /** The head is the token embedding. */
  readonly tiedHead: boolean;
  huggingFaceConfig(): Record<string, unknown>;
}

/** What may differ from layer to layer. */
export interface RotaryLayer {
  /** How queries and keys are turned by their positions; absent: not at all. */
  readonly rotary?: Rotary;
  /** Keys so many positions or more before a query are hidden; absent: none is. */
  readonly window?: number;
}

/** Names of the norms before a sub-layer and of what it gives, where that is normed too. */
export interface SublayerNorms {
  readonly before: string;
  readonly after?: string;
}

/** The decoder of this plan. */
export function rotaryDecoder(plan: RotaryDecoderPlan): Decoder {
  const { vocabSize, contextLength, numHeads, kvHeads, headWidth, layers, norms, tiedHead } = plan;
  const { attentionScale: scale } = plan;
  const project = plan.qkvBias ? linearWithBias : linear;
  const anglesOf = memory((rotary: Rotary) => rotaryAngles(contextLength, headWidth, rotary));

  const feedForward = (p: Parameters, x: Tensor, mlp: string) =>
    linear(
      p,
      plan.gated(linear(p, x, `${mlp}.gate_proj`), linear(p, x, `${mlp}.up_proj`)),
      `${mlp}.down_proj`,
    );
  /** The parts that have a norm in them, by how it is computed: for decoding as an operator that has no gradient. */
  const sublayers = (normalise: typeof rmsNorm) => {
    const norm = (p: Parameters, x: Tensor, name: string) => {
      const weight = p(`${name}.weight`);
      return normalise(x, plan.normScale === "weight" ? weight : add(weight, 1), plan.normEpsilon);
    };
    /** x + sublayer(x), with the sub-layer's norms. */
    const residual = (
      p: Parameters,
      x: Tensor,
      block: string,
      { before, after }: SublayerNorms,
      sublayer: (y: Tensor) => Tensor,
    ) => {
      const y = sublayer(norm(p, x, `${block}.${before}`));
      return add(x, after === undefined ? y : norm(p, y, `${block}.${after}`));
    };
    /** A projection to `count` heads, normed if the family does, turned by its position if the layer does. */
    const turned = (
      p: Parameters,
      x: Tensor,
      name: string,
      count: number,
      positions: Tensor,
      rotary?: Rotary,
    ) => {
      const y = project(p, x, `${name}_proj`);
      const heads = reshape(y, [...positions.shape, count, headWidth]); // rows columns h d
      const normed = plan.qkNorm ? norm(p, heads, `${name}_norm`) : heads;
      const merged = reshape(normed, [...positions.shape, count * headWidth]);
      if (!rotary) return reshape(merged, y.shape);
      const { cos, sin } = anglesOf(rotary); // not before the weights prove the sizes
      return reshape(applyRotary(merged, cos, sin, positions, count), y.shape);
    };
    return { norm, residual, turned };
  };
  const embedded = (p: Parameters, ids: Tensor) => {
    const tokens = gather(p("model.embed_tokens.weight"), ids);
    return plan.embeddingScale === 1 ? tokens : mul(tokens, plan.embeddingScale);
  };

  return {
    vocabSize,
    contextLength,
    numLayers: layers.length,
    numHeads,
    kvHeads,
    headWidth,
    parameters: parametersOf(plan),

    hidden(p, ids, { packing } = {}) {
      const { norm, residual, turned } = sublayers(rmsNorm);
      const [batch, time] = ids.shape;
      const places = packing
        ? transpose(packing.positions)
        : expand(reshape(arange(time), [time, 1]), [time, batch]);
      // Rows of one token: the operator wants no row longer than there are angles, and batches may be large.
      const positions = reshape(places, [multiplySizes(time, batch), 1]);
      const maskOf = memory((window?: number) => causalMask(time, packing?.segments, window));
      let x: Tensor<"n c"> = flattenTokens(embedded(p, transpose(ids)));
      for (const [layer, { rotary, window }] of layers.entries()) {
        const block = `model.layers.${layer}`;
        const attention = `${block}.self_attn`;
        const mask = maskOf(window);
        x = p.eachLayer(() => {
          const z = residual(p, x, block, norms.attention, (y) => {
            const q = turned(p, y, `${attention}.q`, numHeads, positions, rotary); // n (h d)
            const k = turned(p, y, `${attention}.k`, kvHeads, positions, rotary); // n (kv d)
            const v = project(p, y, `${attention}.v_proj`);
            const mixed = causalAttention(q, k, v, { numHeads, headWidth, batch, mask, scale });
            return linear(p, mixed, `${attention}.o_proj`);
          });
          return residual(p, z, block, norms.feedForward, (y) => feedForward(p, y, `${block}.mlp`));
        });
      }
      return norm(p, x, "model.norm");
    },

    head: (p) => p(tiedHead ? "model.embed_tokens.weight" : "lm_head.weight"),

    decode(p, { ids, positions, attend }) {
      const { norm, residual, turned } = sublayers(rmsNormalise);
      let x: Tensor<"b t c"> = embedded(p, ids);
      for (const [layer, { rotary, window }] of layers.entries()) {
        const block = `model.layers.${layer}`;
        const attention = `${block}.self_attn`;
        x = residual(p, x, block, norms.attention, (y) => {
          const queries = turned(p, y, `${attention}.q`, numHeads, positions, rotary);
          const keys = turned(p, y, `${attention}.k`, kvHeads, positions, rotary);
          const values = project(p, y, `${attention}.v_proj`);
          const mixed = attend(layer, { queries, keys, values }, { scale, window });
          return linear(p, mixed, `${attention}.o_proj`);
        });
        x = residual(p, x, block, norms.feedForward, (y) => feedForward(p, y, `${block}.mlp`));
      }
      return norm(p, x, "model.norm");
    },

    huggingFaceConfig: () => plan.huggingFaceConfig(),
  };
}

/** A function that computes each of its values once: tables and masks that layers share are one node of the graph. */
function memory<K, V>(of: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, of(key));
    return known.get(key)!;
  };
}

/**
 * Matrices are normal with deviation 1 / sqrt(fan-in), which keeps activations at unit size; projections back
 * into the residual stream start at zero, so that every block starts as the identity (Yang et al. 2022), unless a norm
 * follows, which would make a thousandfold of their first gradients.
 */
function parametersOf(plan: RotaryDecoderPlan): Parameter[] {
  const { vocabSize, numHeads, kvHeads, headWidth, width, hiddenWidth, layers, norms, tiedHead } = plan;
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
    init: filled(plan.normScale === "weight" ? 1 : 0),
  });
  const projection = (name: string, rows: number): Parameter[] => [
    matrix(name, rows, width),
    ...(plan.qkvBias
      ? [{ name: `${name}.bias`, shape: [rows], role: "vector", init: filled(0) } as const]
      : []),
  ];
  const around = (layer: string, { before, after }: SublayerNorms, inside: Parameter[]) => [
    norm(`${layer}.${before}`),
    ...inside,
    ...(after === undefined ? [] : [norm(`${layer}.${after}`)]),
  ];
  const block = (layer: string) => [
    ...around(layer, norms.attention, [
      ...projection(`${layer}.self_attn.q_proj`, numHeads * headWidth),
      ...projection(`${layer}.self_attn.k_proj`, kvHeads * headWidth),
      ...projection(`${layer}.self_attn.v_proj`, kvHeads * headWidth),
      matrix(`${layer}.self_attn.o_proj`, width, numHeads * headWidth, norms.attention.after === undefined),
      ...(plan.qkNorm
        ? [norm(`${layer}.self_attn.q_norm`, headWidth), norm(`${layer}.self_attn.k_norm`, headWidth)]
        : []),
    ]),
    ...around(layer, norms.feedForward, [
      matrix(`${layer}.mlp.gate_proj`, hiddenWidth, width),
      matrix(`${layer}.mlp.up_proj`, hiddenWidth, width),
      matrix(`${layer}.mlp.down_proj`, width, hiddenWidth, norms.feedForward.after === undefined),
    ]),
  ];
  return [
    { name: "model.embed_tokens.weight", shape: [vocabSize, width], role: "embedding", init: normal(0.02) },
    ...layers.flatMap((_, layer) => block(`model.layers.${layer}`)),
    norm("model.norm"),
    ...(tiedHead
      ? []
      : [{ name: "lm_head.weight", shape: [vocabSize, width], role: "head", init: normal(0.02) } as const]),
  ];
}
