/**
 * The residual network for small images (He et al. 2016, section 4.2) with basic blocks of two 3x3
 * convolutions. Departures: group norm instead of batch norm, whose running statistics are state that no
 * optimizer trains; shortcuts that change size are 1x1 convolutions (the paper's option B) with a norm; pixels may
 * come as patches, which makes the first stage smaller.
 * Parameters are named as in torchvision, but for the norms.
 */
import { relu } from "../core/ops/elementwise.js";
import { mean } from "../core/ops/reduce.js";
import { patchesAsChannels } from "../nn/patches.js";
import type { ImageEncoder } from "./image-model.js";
import {
  normedConv,
  normedConvParameters,
  residualBlock,
  residualBlockParameters,
  residualStages,
} from "./residual-block.js";
import { checkDivides } from "./shapes.js";

/** Sizes of a residual network. */
export interface ResNetConfig {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of a patch's side, in pixels: its pixels are channels of the first stage. Default 1. */
  readonly patchSize?: number;
  /** Channels of the first stage; every later stage doubles them and halves height and width. */
  readonly baseWidth: number;
  /** One number a stage; three stages of three are the paper's ResNet-20. */
  readonly blocksPerStage: readonly number[];
  /** Of every group norm. */
  readonly groups: number;
}

/** A residual network of these sizes. Throws `ModelError` when groups do not divide the base width or patches the image. */
export function resnet(config: ResNetConfig): ImageEncoder {
  const { channels, height, width, patchSize = 1, baseWidth, blocksPerStage, groups } = config;
  checkDivides("baseWidth", baseWidth, "groups", groups);
  checkDivides("height", height, "patchSize", patchSize);
  checkDivides("width", width, "patchSize", patchSize);
  const blocks = blocksOf(config);

  return {
    channels,
    height,
    width,
    featureWidth: blocks.at(-1)!.outputs,
    parameters: [
      ...normedConvParameters(["conv1", "norm1"], [baseWidth, channels * patchSize ** 2, 3]),
      ...blocks.flatMap(residualBlockParameters),
    ],

    features(p, images) {
      const patches = patchesAsChannels(images, patchSize);
      const start = relu(normedConv(p, patches, ["conv1", "norm1"], groups)); // b c h w
      const last = blocks.reduce((x, block) => residualBlock(p, x, block, groups), start);
      return mean(last, [2, 3]);
    },

    config: () => ({
      model_type: "autodidact_resnet",
      channels,
      height,
      width,
      patch_size: patchSize,
      base_width: baseWidth,
      blocks_per_stage: blocksPerStage,
      groups,
    }),
  };
}

function blocksOf({ baseWidth, blocksPerStage }: ResNetConfig) {
  const stages = blocksPerStage.map((numBlocks, stage) => ({
    width: baseWidth * 2 ** stage,
    numBlocks,
    stride: stage === 0 ? 1 : 2,
  }));
  return residualStages("", baseWidth, stages).flat();
}
