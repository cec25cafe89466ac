/**
 * The Conformer (Gulati et al. 2020) as Hugging Face's `Wav2Vec2BertModel` has it with rotary positions and without an
 * adapter. Parameters carry the checkpoint's names and layouts, and start as there. Departures: none in the function;
 * dropout is left out, stochastic depth stands in its place; the vector of hidden frames starts uniform around zero,
 * not from 0 to 1.
 */
import { multiplySizes } from "../core/graph/size.js";
import { named, type Tensor } from "../core/graph/tensor.js";
import { mul, sub } from "../core/ops/elementwise.js";
import { greater, where } from "../core/ops/logic.js";
import { expand, reshape, transpose } from "../core/ops/movement.js";
import { applyRotary } from "../core/ops/normalise.js";
import { slice } from "../core/ops/slice.js";
import { maskValue } from "../nn/attention.js";
import { linearWithBias } from "../nn/linear.js";
import { type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { rotaryAngles } from "../nn/rotary.js";
import {
  type ConformerFrames,
  conformerLayer,
  conformerLayerParameters,
  conformerNorm,
} from "./conformer-layer.js";
import { arange, checkDivides, flattenTokens, ModelError } from "./shapes.js";
import type { FrameMarks, SpeechEncoder } from "./speech-encoder.js";
import { normParameters } from "./vit-layer.js";

/** Sizes of a Conformer. */
export interface ConformerConfig {
  /** Of a frame that is read. */
  readonly featureWidth: number;
  readonly width: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Of the feed-forward networks' hidden layers. */
  readonly hiddenWidth: number;
  /** Frames that the convolution sees, the last of them its own; odd. */
  readonly kernelSize: number;
  /** Default 10000. */
  readonly ropeTheta?: number;
  /** Default 1e-5. */
  readonly layerNormEpsilon?: number;
}

type Sizes = Required<ConformerConfig>;

/** Most frames of a graph whose number of frames is a name: for so many, 100 s at 50 Hz, it holds angles. */
const longest = 5000;

const hiddenFrame = "wav2vec2_bert.masked_spec_embed";
const featureNorm = "wav2vec2_bert.feature_projection.layer_norm";
const projection = "wav2vec2_bert.feature_projection.projection";
const layerName = (layer: number) => `wav2vec2_bert.encoder.layers.${layer}`;

/** A Conformer of these sizes. Throws `ModelError` when heads do not divide the width or the kernel is even. */
export function conformer(config: ConformerConfig): SpeechEncoder {
  const { featureWidth, width, numLayers, ropeTheta = 10_000, layerNormEpsilon = 1e-5 } = config;
  const sizes: Sizes = { ...config, ropeTheta, layerNormEpsilon };
  checkSizes(sizes);
  return {
    featureWidth,
    width,
    numLayers,
    parameters: parametersOf(sizes),
    encode(p, features, marks) {
      const frames = framesOf(features, marks, sizes);
      const { batch, time } = frames;
      let x = embed(p, features, marks, sizes);
      for (let layer = 0; layer < numLayers; layer++) {
        const keep = marks.keep && expand(slice(marks.keep, 0, layer, layer + 1), [time, batch]);
        const of = { ...frames, keep: keep && reshape<"n c">(keep, [keep.size, 1]) };
        x = p.eachLayer(() => conformerLayer(p, x, layerName(layer), of));
      }
      return named("b t c", transpose(reshape(x, [time, batch, width]), [1, 0, 2]));
    },
    config: () => huggingFaceConfig(sizes),
  };
}

function checkSizes({ width, numHeads, kernelSize }: Sizes): void {
  checkDivides("width", width, "numHeads", numHeads);
  checkDivides("headWidth", width / numHeads, "2", 2);
  if (kernelSize % 2 === 1) return;
  throw new ModelError(
    "a Conformer's kernel is even",
    `kernelSize ${kernelSize}`,
    "choose an odd one: Transformers refuses others",
  );
}

/** What every layer has to know of a batch. */
function framesOf(
  features: Tensor<"b t f">,
  { valid }: FrameMarks,
  { width, numHeads, ropeTheta, layerNormEpsilon: epsilon }: Sizes,
): ConformerFrames {
  const [batch, time] = features.shape;
  const length = typeof time === "number" ? time : longest;
  const { cos, sin } = rotaryAngles(length, width / numHeads, { theta: ropeTheta });
  const places = expand(reshape(slice(arange(length), 0, 0, time), [time, 1]), [time, batch]);
  // Rows of one frame: the operator wants no row longer than there are angles, and batches may be large.
  const positions = reshape(places, [multiplySizes(time, batch), 1]);
  return {
    batch,
    time,
    numHeads,
    epsilon,
    valid: perRow(valid),
    mask: reshape(mul(sub(valid, 1), -maskValue), [batch, 1, 1, time]),
    rotate: (x) => {
      const single = reshape(x, [x.shape[0], 1, width]);
      return reshape(applyRotary(single, cos, sin, positions, numHeads), x.shape);
    },
  };
}

/** A number for each frame [b, t] as a column [t b, 1]. */
function perRow(x: Tensor<"b t">): Tensor<"n c"> {
  return reshape(transpose(x), [x.size, 1]);
}

/** Frames [b, t, f] normed and projected to rows [t b, c]; another vector for hidden ones, zeros for padding. */
function embed(
  p: Parameters,
  features: Tensor<"b t f">,
  { valid, masked }: FrameMarks,
  { layerNormEpsilon }: Sizes,
): Tensor<"n c"> {
  const rows = flattenTokens(transpose(features, [1, 0, 2]));
  const projected = linearWithBias(p, conformerNorm(p, rows, featureNorm, layerNormEpsilon), projection);
  const shown = masked ? where(greater(perRow(masked), 0.5), p(hiddenFrame), projected) : projected;
  return mul<Tensor<"n c">, Tensor>(shown, perRow(valid));
}

/** Every field that Transformers reads, and what would change the function where it trains the model further. */
function huggingFaceConfig({ width, ...sizes }: Sizes): Record<string, unknown> {
  return {
    architectures: ["Wav2Vec2BertModel"],
    model_type: "wav2vec2-bert",
    feature_projection_input_dim: sizes.featureWidth,
    hidden_size: width,
    num_hidden_layers: sizes.numLayers,
    num_attention_heads: sizes.numHeads,
    intermediate_size: sizes.hiddenWidth,
    hidden_act: "swish",
    conv_depthwise_kernel_size: sizes.kernelSize,
    position_embeddings_type: "rotary",
    rotary_embedding_base: sizes.ropeTheta,
    layer_norm_eps: sizes.layerNormEpsilon,
    initializer_range: 0.02,
    add_adapter: false,
    use_intermediate_ffn_before_adapter: false,
    apply_spec_augment: false,
    mask_time_prob: 0.05, // above zero, or Transformers leaves the vector of hidden frames out
    hidden_dropout: 0,
    activation_dropout: 0,
    attention_dropout: 0,
    feat_proj_dropout: 0,
    conformer_conv_dropout: 0,
    final_dropout: 0,
    layerdrop: 0,
    torch_dtype: "float32",
  };
}

function parametersOf({ featureWidth, width, numLayers, hiddenWidth, kernelSize }: Sizes): Parameter[] {
  const init = uniform(1 / Math.sqrt(featureWidth));
  return [
    { name: hiddenFrame, shape: [width], role: "vector", init: uniform(1) },
    ...normParameters(featureNorm, featureWidth),
    { name: `${projection}.weight`, shape: [width, featureWidth], role: "embedding", init, inputAxis: 1 },
    { name: `${projection}.bias`, shape: [width], role: "vector", init },
    ...Array.from({ length: numLayers }, (_, layer) =>
      conformerLayerParameters(layerName(layer), { width, hiddenWidth, kernelSize }),
    ).flat(),
  ];
}
