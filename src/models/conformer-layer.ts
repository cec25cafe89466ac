/**
 * The layer of which a Conformer is stacked, with Hugging Face's names: half a feed-forward network, attention, a
 * causal depthwise convolution and the other half, each over a layer norm, and a norm last. States are rotated before
 * they are projected to queries and keys. Rows are frame first, [t b, c].
 */
import { known, multiplySizes, type Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { conv } from "../core/ops/convolution.js";
import { add, mul } from "../core/ops/elementwise.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { layerNorm } from "../core/ops/normalise.js";
import { slice, split } from "../core/ops/slice.js";
import { glu, silu } from "../nn/activation.js";
import { selfAttention } from "../nn/attention.js";
import { feedForward } from "../nn/feed-forward.js";
import { linear, linearWithBias } from "../nn/linear.js";
import { filled, type Init, normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { normParameters } from "./vit-layer.js";

/** What every layer has to know of a batch. */
export interface ConformerFrames {
  readonly batch: Size;
  readonly time: Size;
  readonly numHeads: number;
  /** Of layer norms. */
  readonly epsilon: number;
  /** [t b, 1]: 1, but 0 for padding. */
  readonly valid: Tensor<"n c">;
  /** [b, 1, 1, t]: hides padding from every query. */
  readonly mask: Tensor;
  /** Rotates the heads of each frame by its place in time. */
  rotate(x: Tensor<"n c">): Tensor<"n c">;
}

export function conformerNorm(p: Parameters, x: Tensor<"n c">, name: string, epsilon: number): Tensor<"n c"> {
  return layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), epsilon);
}

/** What the layer adds to a row is multiplied by `keep` [t b, 1], where that is given. */
export function conformerLayer(
  p: Parameters,
  x: Tensor<"n c">,
  name: string,
  frames: ConformerFrames & { readonly keep?: Tensor<"n c"> },
): Tensor<"n c"> {
  const { keep, epsilon } = frames;
  const norm = (y: Tensor<"n c">, which: string) => conformerNorm(p, y, `${name}.${which}`, epsilon);
  const plusHalf = (y: Tensor<"n c">, branch: Tensor<"n c">) =>
    add(y, mul(branch, keep ? mul(keep, 0.5) : 0.5));
  const plus = (y: Tensor<"n c">, branch: Tensor<"n c">) => add(y, keep ? mul(branch, keep) : branch);
  const network = (y: Tensor<"n c">, which: string) => {
    const [up, down] = ["intermediate_dense", "output_dense"].map((part) => `${name}.${which}.${part}`);
    return feedForward(p, norm(y, `${which}_layer_norm`), { up, down, activation: silu });
  };
  const half = plusHalf(x, network(x, "ffn1"));
  const mixed = plus(half, attention(p, norm(half, "self_attn_layer_norm"), `${name}.self_attn`, frames));
  const moved = plus(mixed, convolution(p, mixed, `${name}.conv_module`, frames));
  return norm(plusHalf(moved, network(moved, "ffn2")), "final_layer_norm");
}

function attention(p: Parameters, x: Tensor<"n c">, name: string, frames: ConformerFrames): Tensor<"n c"> {
  const rotated = frames.rotate(x);
  const [q, k] = ["linear_q", "linear_k"].map((to) => linearWithBias(p, rotated, `${name}.${to}`));
  const mixed = selfAttention(q, k, linearWithBias(p, x, `${name}.linear_v`), frames, frames.mask);
  return linearWithBias(p, mixed, `${name}.linear_out`);
}

function convolution(p: Parameters, x: Tensor<"n c">, name: string, frames: ConformerFrames): Tensor<"n c"> {
  const norm = (y: Tensor<"n c">, which: string) => conformerNorm(p, y, `${name}.${which}`, frames.epsilon);
  const present = mul<Tensor<"n c">, Tensor>(norm(x, "layer_norm"), frames.valid);
  const [values, gate] = split(linear(p, present, `${name}.pointwise_conv1`), 2, 1);
  const mixed = causalDepthwise(glu(values, gate), p(`${name}.depthwise_conv.weight`), frames);
  return linear(p, silu(norm(mixed, "depthwise_layer_norm")), `${name}.pointwise_conv2`);
}

/** Each channel's sum over the last frames, weighted by w [c, 1, k]; before the first one there are zeros. */
function causalDepthwise(x: Tensor<"n c">, w: Tensor, { batch, time }: ConformerFrames): Tensor<"n c"> {
  const [channels, , taps] = w.shape.map(known);
  const rows = multiplySizes(batch, channels);
  const overTime = reshape(transpose(reshape(x, [time, rows])), [batch, channels, time]);
  // Padded here and not as rows: the gradients' transposes, with nothing between them, would become one that is slower.
  const summed = slice(conv(overTime, w, { groups: channels, padding: taps - 1 }), 2, 0, time);
  return reshape(transpose(reshape(summed, [rows, time])), x.shape);
}

/** Linear layers are normal with deviation 0.02, convolutions sqrt(2 / fan-in) (He et al. 2015). */
export function conformerLayerParameters(
  name: string,
  { width, hiddenWidth, kernelSize }: { width: number; hiddenWidth: number; kernelSize: number },
): Parameter[] {
  const linearLayer = (layer: string, inputs: number, outputs: number): Parameter[] => [
    {
      name: `${name}.${layer}.weight`,
      shape: [outputs, inputs],
      role: "matrix",
      init: normal(0.02),
      inputAxis: 1,
    },
    { name: `${name}.${layer}.bias`, shape: [outputs], role: "vector", init: filled(0) },
  ];
  const network = (which: string) => [
    ...normParameters(`${name}.${which}_layer_norm`, width),
    ...linearLayer(`${which}.intermediate_dense`, width, hiddenWidth),
    ...linearLayer(`${which}.output_dense`, hiddenWidth, width),
  ];
  const kernel = (which: string, shape: [number, number, number], role: "matrix" | "vector"): Parameter => ({
    name: `${name}.conv_module.${which}.weight`,
    shape,
    role,
    init: heNormal(shape[1] * shape[2]),
  });
  return [
    ...network("ffn1"),
    ...normParameters(`${name}.self_attn_layer_norm`, width),
    ...["q", "k", "v", "out"].flatMap((to) => linearLayer(`self_attn.linear_${to}`, width, width)),
    ...normParameters(`${name}.conv_module.layer_norm`, width),
    kernel("pointwise_conv1", [2 * width, width, 1], "matrix"),
    kernel("depthwise_conv", [width, 1, kernelSize], "vector"), // scales channels and mixes none
    ...normParameters(`${name}.conv_module.depthwise_layer_norm`, width),
    kernel("pointwise_conv2", [width, width, 1], "matrix"),
    ...network("ffn2"),
    ...normParameters(`${name}.final_layer_norm`, width),
  ];
}

const heNormal = (fanIn: number): Init => normal(Math.sqrt(2 / fanIn));
