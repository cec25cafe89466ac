/** The basic block of residual networks (He et al. 2016, section 4.2) with group norm, and stages of them. */
import type { Tensor } from "../core/graph/tensor.js";
import { add, relu } from "../core/ops/elementwise.js";
import { conv2d, conv2dParameters } from "../nn/conv2d.js";
import { groupNorm, groupNormParameters } from "../nn/group-norm.js";
import { normal, type Parameter, type Parameters } from "../nn/parameter.js";

/** Two 3x3 convolutions, the first of which may make the image smaller, beside a shortcut. */
export interface ResidualBlock {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/** Blocks of one width; the first has the stride. */
export interface ResidualStage {
  readonly width: number;
  readonly numBlocks: number;
  readonly stride: number;
}

type Image = Tensor<"b c h w">;

/** The blocks of stages behind `inputs` channels, stage by stage, named `layer1.0`, ... as in torchvision. */
export function residualStages(
  prefix: string,
  inputs: number,
  stages: readonly ResidualStage[],
): ResidualBlock[][] {
  return stages.map(({ width, numBlocks, stride }, stage) => {
    const before = stages[stage - 1]?.width ?? inputs;
    return Array.from({ length: numBlocks }, (_, i) => ({
      name: `${prefix}layer${stage + 1}.${i}`,
      inputs: i === 0 ? before : width,
      outputs: width,
      stride: i === 0 ? stride : 1,
    }));
  });
}

/** relu(x + F(x)); a shortcut that changes size is a 1x1 convolution (the paper's option B) with a norm. */
export function residualBlock(p: Parameters, x: Image, block: ResidualBlock, groups: number): Image {
  const { name, stride } = block;
  const first = relu(normedConv(p, x, [`${name}.conv1`, `${name}.norm1`], groups, stride));
  const second = normedConv(p, first, [`${name}.conv2`, `${name}.norm2`], groups);
  if (!resizes(block)) return relu(add(x, second));
  return relu(add(normedConv(p, x, shortcutOf(name), groups, stride), second));
}

/** The parameters of `residualBlock`. */
export function residualBlockParameters(block: ResidualBlock): Parameter[] {
  const { name, inputs, outputs } = block;
  return [
    ...normedConvParameters([`${name}.conv1`, `${name}.norm1`], [outputs, inputs, 3]),
    ...normedConvParameters([`${name}.conv2`, `${name}.norm2`], [outputs, outputs, 3]),
    ...(resizes(block) ? normedConvParameters(shortcutOf(name), [outputs, inputs, 1]) : []),
  ];
}

type ConvAndNorm = readonly [conv: string, norm: string];

/** A convolution without bias and the group norm behind it. */
export function normedConv(
  p: Parameters,
  x: Image,
  [conv, norm]: ConvAndNorm,
  groups: number,
  stride = 1,
): Image {
  return groupNorm(p, conv2d(p, x, conv, stride), norm, groups);
}

/**
 * The parameters of `normedConv`, the convolution [outputs, inputs, kernel] normal with variance
 * 2 / (outputs kernel^2), which keeps the variance of what rectifiers pass back (He et al. 2015).
 */
export function normedConvParameters(
  [conv, norm]: ConvAndNorm,
  sizes: readonly [outputs: number, inputs: number, kernel: number],
): Parameter[] {
  const [outputs, , kernel] = sizes;
  return [
    ...conv2dParameters(conv, sizes, normal(Math.sqrt(2 / (outputs * kernel ** 2)))),
    ...groupNormParameters(norm, outputs),
  ];
}

const shortcutOf = (name: string): ConvAndNorm => [`${name}.downsample.0`, `${name}.downsample.1`];

const resizes = ({ inputs, outputs, stride }: ResidualBlock) => inputs !== outputs || stride !== 1;
