/**
 * T5 (Raffel et al. 2020) as Hugging Face's `T5ForConditionalGeneration` computes it, 1.0 and 1.1: a norm by the root
 * mean square before each sub-layer, positions by a learned bias for each distance, no other biases. Parameters carry the
 * checkpoint's names and layouts. Departures: none in the function; values are dropped out where embeddings are read and
 * where a branch joins the residual stream, not inside a branch nor behind the last norm; how it starts, see below.
 */
import type { Size } from "../core/graph/size.js";
import { named, type Tensor } from "../core/graph/tensor.js";
import { add, mul, sub } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { expand, reshape, transpose } from "../core/ops/movement.js";
import { concat } from "../core/ops/slice.js";
import { causalMask, maskValue } from "../nn/attention.js";
import type { Dropout } from "../nn/dropout.js";
import { normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { nearBiases, relativeBias } from "../nn/relative-bias.js";
import type { EncoderDecoder } from "./encoder-decoder.js";
import { checkDivides, flattenTokens, positionsUpTo } from "./shapes.js";
import {
  type FeedForwardKind,
  type T5LayerSizes,
  t5CachedLayer,
  t5KeysAndValues,
  t5Layer,
  t5LayerParameters,
  t5Norm,
  t5NormParameter,
} from "./t5-layer.js";

/** Sizes and variants of a T5. */
export interface T5Config {
  readonly vocabSize: number;
  readonly width: number;
  /** Of the encoder. */
  readonly numLayers: number;
  /** Default numLayers. */
  readonly numDecoderLayers?: number;
  readonly numHeads: number;
  /** Default width / numHeads. */
  readonly headWidth?: number;
  /** Of the feed-forward networks' hidden layers. */
  readonly hiddenWidth: number;
  /** Default "gated-gelu", as in T5 1.1. */
  readonly feedForward?: FeedForwardKind;
  /** The head is the token embedding, and final states are divided by sqrt(width), as in T5 1.0; default true. */
  readonly tiedHead?: boolean;
  /** Of distances; default 32. */
  readonly numBuckets?: number;
  /** From here on all distances share a bucket; default 128. */
  readonly maxDistance?: number;
  /** Default 1e-6. */
  readonly rmsNormEpsilon?: number;
}

type Sizes = Required<T5Config>;

const embedding = "shared.weight";
const headName = "lm_head.weight";
const block = (stack: Stack, layer: number) => `${stack}.block.${layer}`;
const biasName = (stack: Stack) => `${block(stack, 0)}.layer.0.SelfAttention.relative_attention_bias.weight`;

type Stack = "encoder" | "decoder";

const keepAll: Dropout = (x) => x;

/** A T5 of these sizes. Throws `ModelError` when heads do not divide the width. */
export function t5(config: T5Config): EncoderDecoder {
  const sizes = withDefaults(config);
  const { width, numLayers, numDecoderLayers, tiedHead, rmsNormEpsilon: epsilon } = sizes;
  const layer: T5LayerSizes = { ...sizes, epsilon };
  const biasOf = (p: Parameters, stack: Stack, queries: Tensor, keys: Tensor) =>
    relativeBias(p(biasName(stack)), queries, keys, bucketsOf(sizes, stack));
  /** The stack's last norm; of the decoder, scaled for the head. */
  const final = <S extends string>(p: Parameters, x: Tensor<S>, stack: Stack): Tensor<S> => {
    const normed = t5Norm(p, x, `${stack}.final_layer_norm`, epsilon);
    return stack === "decoder" && tiedHead ? (mul(normed, 1 / Math.sqrt(width)) as Tensor<S>) : normed;
  };

  return {
    vocabSize: sizes.vocabSize,
    width,
    numHeads: sizes.numHeads,
    headWidth: sizes.headWidth,
    numLayers,
    numDecoderLayers,
    parameters: parametersOf(sizes, layer),
    dropoutSites: 2 + 2 * numLayers + 3 * numDecoderLayers,

    encode(p, { ids, valid }, dropout = keepAll) {
      const [batch, time] = ids.shape;
      const places = positionsUpTo(time);
      const sequence = { batch, mask: hidePadding(valid), bias: biasOf(p, "encoder", places, places) };
      let x = dropout(embed(p, ids), 0);
      for (let i = 0; i < numLayers; i++) {
        const drop: Dropout = (y, branch) => dropout(y, 1 + 2 * i + branch);
        x = p.eachLayer(() => t5Layer(p, x, block("encoder", i), layer, { sequence, drop }));
      }
      return named("b s c", batchFirst(final(p, x, "encoder"), batch, time));
    },

    decodeAll(p, encoded, { valid }, inputs, dropout = keepAll) {
      const [batch, time] = inputs.shape;
      const places = positionsUpTo(time);
      const sequence = { batch, mask: causalMask(time), bias: biasOf(p, "decoder", places, places) };
      const source = { rows: flattenTokens(transpose(encoded, [1, 0, 2])), mask: hidePadding(valid) };
      const first = 1 + 2 * numLayers;
      let x = dropout(embed(p, inputs), first);
      for (let i = 0; i < numDecoderLayers; i++) {
        const drop: Dropout = (y, branch) => dropout(y, first + 1 + 3 * i + branch);
        x = p.eachLayer(() => t5Layer(p, x, block("decoder", i), layer, { sequence, source, drop }));
      }
      return flattenTokens(batchFirst(final(p, x, "decoder"), batch, time));
    },

    head: (p) => p(tiedHead ? embedding : headName),

    memory: (p, encoded) =>
      Array.from({ length: numDecoderLayers }, (_, i) =>
        t5KeysAndValues(p, encoded, `${block("decoder", i)}.layer.1.EncDecAttention`, sizes),
      ),

    decode(p, { ids, positions, bias, past, pastPositions, memory, memoryBias }) {
      const [batch] = ids.shape;
      const pastTime = past[0].keys.shape[2];
      const before =
        pastPositions ?? expand(reshape(positionsUpTo(pastTime), [1, pastTime]), [batch, pastTime]);
      const byDistance = biasOf(p, "decoder", positions, concat([before, positions], 1));
      const shift = add(byDistance, bias); // b h t keys
      const fresh = [];
      let x: Tensor<"b t c"> = gather(p(embedding), ids);
      for (let i = 0; i < numDecoderLayers; i++) {
        const cache = { past: past[i], bias: shift, memory: memory[i], memoryBias };
        const read = t5CachedLayer(p, x, block("decoder", i), layer, cache);
        x = read.states;
        fresh.push(read.fresh);
      }
      return { hidden: final(p, x, "decoder"), fresh };
    },

    config: () => huggingFaceConfig(sizes),
  };
}

function withDefaults(config: T5Config): Sizes {
  const { width, numHeads, numLayers } = config;
  if (config.headWidth === undefined) checkDivides("width", width, "numHeads", numHeads);
  const { numDecoderLayers = numLayers, headWidth = width / numHeads, feedForward = "gated-gelu" } = config;
  const { tiedHead = true, numBuckets = 32, maxDistance = 128, rmsNormEpsilon = 1e-6 } = config;
  const given = { ...config, numDecoderLayers, headWidth, feedForward };
  return { ...given, tiedHead, numBuckets, maxDistance, rmsNormEpsilon };
}

const bucketsOf = ({ numBuckets, maxDistance }: Sizes, stack: Stack) => ({
  count: numBuckets,
  maxDistance,
  bidirectional: stack === "encoder",
});

/** int64 ids [b, t] as rows [t b, c]. */
function embed(p: Parameters, ids: Tensor): Tensor<"n c"> {
  return flattenTokens(gather(p(embedding), transpose(ids)));
}

/** Rows [t b, c] as [b, t, c]. */
function batchFirst(rows: Tensor<"n c">, batch: Size, time: Size): Tensor {
  return transpose(reshape(rows, [time, batch, rows.shape[1]]), [1, 0, 2]);
}

function hidePadding(valid: Tensor<"b s">): Tensor {
  const [batch, time] = valid.shape;
  return reshape(mul(sub(valid, 1), -maskValue), [batch, 1, 1, time]);
}

function huggingFaceConfig({ width, tiedHead, ...sizes }: Sizes): Record<string, unknown> {
  return {
    architectures: ["T5ForConditionalGeneration"],
    model_type: "t5",
    is_encoder_decoder: true,
    vocab_size: sizes.vocabSize,
    d_model: width,
    d_kv: sizes.headWidth,
    d_ff: sizes.hiddenWidth,
    num_layers: sizes.numLayers,
    num_decoder_layers: sizes.numDecoderLayers,
    num_heads: sizes.numHeads,
    relative_attention_num_buckets: sizes.numBuckets,
    relative_attention_max_distance: sizes.maxDistance,
    feed_forward_proj: sizes.feedForward,
    layer_norm_epsilon: sizes.rmsNormEpsilon,
    tie_word_embeddings: tiedHead,
    dropout_rate: 0,
    torch_dtype: "float32",
  };
}

/**
 * Embeddings are small, so that logits start near uniform. Under a tied head the decoder's last norm starts at sqrt(width), which final
 * states are divided by: otherwise Adam, whose steps are of one size, would teach the head that much slower.
 */
function parametersOf(sizes: Sizes, layer: T5LayerSizes): Parameter[] {
  const { vocabSize, width, numHeads, numBuckets, tiedHead } = sizes;
  const stack = (name: Stack, count: number): Parameter[] => [
    {
      name: biasName(name),
      shape: [numBuckets, numHeads],
      role: "vector",
      init: { kind: "values", values: nearBiases(numHeads, bucketsOf(sizes, name)) },
    },
    ...Array.from({ length: count }, (_, i) =>
      t5LayerParameters(block(name, i), layer, name === "decoder"),
    ).flat(),
    t5NormParameter(`${name}.final_layer_norm`, width, name === "decoder" && tiedHead ? Math.sqrt(width) : 1),
  ];
  const words = normal(0.02);
  return [
    { name: embedding, shape: [vocabSize, width], role: "embedding", init: words },
    ...stack("encoder", sizes.numLayers),
    ...stack("decoder", sizes.numDecoderLayers),
    ...(tiedHead ? [] : [{ name: headName, shape: [vocabSize, width], role: "head", init: words } as const]),
  ];
}
