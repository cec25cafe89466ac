/**
 * The residual network for small images (He et al. 2016, section 4.2) with basic blocks of two 3x3
 * convolutions. Departures: group norm instead of batch norm, whose running statistics are state that no
 * optimizer trains; shortcuts that change size are 1x1 convolutions (the paper's option B) with a norm.
 * Parameters are named as in torchvision, but for the norms.
 */
import type { Tensor } from "../core/graph/tensor.js";
import { add, relu } from "../core/ops/elementwise.js";
import { mean } from "../core/ops/reduce.js";
import { conv2d, conv2dParameters } from "../nn/conv2d.js";
import { groupNorm, groupNormParameters } from "../nn/group-norm.js";
import { normal, type Parameter, type Parameters } from "../nn/parameter.js";
import type { ImageEncoder } from "./image-model.js";
import { checkDivides } from "./shapes.js";

/** Sizes of a residual network. */
export interface ResNetConfig {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Channels of the first stage; every later stage doubles them and halves height and width. */
  readonly baseWidth: number;
  /** One number a stage; three stages of three are the paper's ResNet-20. */
  readonly blocksPerStage: readonly number[];
  /** Of every group norm. */
  readonly groups: number;
}

type Image = Tensor<"b c h w">;

interface Block {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/** A residual network of these sizes. Throws `ModelError` when groups do not divide the base width. */
export function resnet(config: ResNetConfig): ImageEncoder {
  const { channels, height, width, baseWidth, blocksPerStage, groups } = config;
  checkDivides("baseWidth", baseWidth, "groups", groups);
  const blocks = blocksOf(config);

  const basic = (p: Parameters, x: Image, block: Block) => {
    const { name, stride } = block;
    const first = relu(groupNorm(p, conv2d(p, x, `${name}.conv1`, stride), `${name}.norm1`, groups));
    const second = groupNorm(p, conv2d(p, first, `${name}.conv2`), `${name}.norm2`, groups);
    if (!resizes(block)) return relu(add(x, second));
    const shortcut = conv2d(p, x, `${name}.downsample.0`, stride);
    return relu(add(groupNorm(p, shortcut, `${name}.downsample.1`, groups), second));
  };

  return {
    channels,
    height,
    width,
    featureWidth: blocks.at(-1)!.outputs,
    parameters: parametersOf(config),

    features(p, images) {
      const start: Image = relu(groupNorm(p, conv2d(p, images, "conv1"), "norm1", groups)); // b c h w
      const last = blocks.reduce((x, block) => basic(p, x, block), start);
      return mean(last, [2, 3]);
    },

    config: () => ({
      model_type: "autodidact_resnet",
      channels,
      height,
      width,
      base_width: baseWidth,
      blocks_per_stage: blocksPerStage,
      groups,
    }),
  };
}

function blocksOf({ baseWidth, blocksPerStage }: ResNetConfig): Block[] {
  let inputs = baseWidth;
  return blocksPerStage.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i): Block => {
      const outputs = baseWidth * 2 ** stage;
      const block = { name: `layer${stage + 1}.${i}`, inputs, outputs, stride: stage > 0 && i === 0 ? 2 : 1 };
      inputs = outputs;
      return block;
    }),
  );
}

const resizes = ({ inputs, outputs, stride }: Block) => inputs !== outputs || stride !== 1;

/** Normal with variance 2 / (outputs k^2), which keeps the variance of what rectifiers pass back (He et al. 2015). */
function parametersOf(config: ResNetConfig): Parameter[] {
  const normed = (conv: string, norm: string, inputs: number, outputs: number, kernel: number) => [
    ...conv2dParameters(conv, [outputs, inputs, kernel], normal(Math.sqrt(2 / (outputs * kernel ** 2)))),
    ...groupNormParameters(norm, outputs),
  ];
  const block = (block: Block) => {
    const { name, inputs, outputs } = block;
    return [
      ...normed(`${name}.conv1`, `${name}.norm1`, inputs, outputs, 3),
      ...normed(`${name}.conv2`, `${name}.norm2`, outputs, outputs, 3),
      ...(resizes(block) ? normed(`${name}.downsample.0`, `${name}.downsample.1`, inputs, outputs, 1) : []),
    ];
  };
  return [
    ...normed("conv1", "norm1", config.channels, config.baseWidth, 3),
    ...blocksOf(config).flatMap(block),
  ];
}
