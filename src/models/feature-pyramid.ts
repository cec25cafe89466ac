/**
 * A residual network whose coarse stages are added, each doubled in size, to the one of stride 8: a feature pyramid
 * (Lin et al. 2017, section 3) of which only that level is kept. Departures: a stem of one 3x3 convolution; group norm,
 * as in `resnet.ts`. Parameters are named as in torchvision's `BackboneWithFPN`, but for the norms.
 */
import type { Tensor } from "../core/graph/tensor.js";
import { add, relu } from "../core/ops/elementwise.js";
import { slice } from "../core/ops/slice.js";
import { conv2dWithBias, conv2dWithBiasParameters } from "../nn/conv2d.js";
import { type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { doubleSize } from "../nn/upsample.js";
import { type CellEncoder, detectorStride } from "./detector.js";
import {
  normedConv,
  normedConvParameters,
  residualBlock,
  residualBlockParameters,
  residualStages,
} from "./residual-block.js";
import { checkDivides, ModelError } from "./shapes.js";

/** Sizes of a feature pyramid. */
export interface FeaturePyramidConfig {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Channels of the stem, which halves the image. */
  readonly stemWidth: number;
  /** Channels of the stages, each of which halves the image again: the second has stride 8. */
  readonly stageWidths: readonly number[];
  /** One number a stage. */
  readonly blocksPerStage: readonly number[];
  /** Channels of what comes out. */
  readonly mapWidth: number;
  /** Of every group norm. */
  readonly groups: number;
}

type Image = Tensor<"b c h w">;

const stem = ["backbone.body.conv1", "backbone.body.norm1"] as const;
const lateral = (level: number) => `backbone.fpn.inner_blocks.${level}.0`;
const output = "backbone.fpn.layer_blocks.0.0";

/** A feature pyramid of these sizes. Throws `ModelError` where they do not go together. */
export function featurePyramid(config: FeaturePyramidConfig): CellEncoder {
  const { channels, height, width, stemWidth, stageWidths, blocksPerStage, mapWidth, groups } = config;
  checkSizes(config);
  const stages = stagesOf(config);
  return {
    channels,
    height,
    width,
    mapWidth,
    parameters: parametersOf(config),
    map(p, images) {
      let x: Image = relu(normedConv(p, images, stem, groups, 2));
      const levels = stages.map((blocks) => {
        for (const block of blocks) x = residualBlock(p, x, block, groups);
        return x;
      });
      return conv2dWithBias(p, summedDown(p, levels.slice(1)), output);
    },
    config: () => ({
      model_type: "autodidact_feature_pyramid",
      channels,
      height,
      width,
      stem_width: stemWidth,
      stage_widths: stageWidths,
      blocks_per_stage: blocksPerStage,
      map_width: mapWidth,
      groups,
    }),
  };
}

/** The first of the levels, which halve in size from one to the next, with all others on it. */
function summedDown(p: Parameters, levels: readonly Image[]): Image {
  const projected = levels.map((level, i) => conv2dWithBias(p, level, lateral(i)));
  return projected.reduceRight((coarse, fine) => add(fine, cutTo(doubleSize(coarse), fine)));
}

/** Of an odd number of rows or columns, half were rounded up. */
function cutTo(x: Image, { shape }: Image): Image {
  return slice(slice<"b c h w">(x, 2, 0, shape[2]), 3, 0, shape[3]);
}

function stagesOf({ stemWidth, stageWidths, blocksPerStage }: FeaturePyramidConfig) {
  const stages = stageWidths.map((width, i) => ({ width, numBlocks: blocksPerStage[i], stride: 2 }));
  return residualStages("backbone.body.", stemWidth, stages);
}

function parametersOf(config: FeaturePyramidConfig): Parameter[] {
  const { channels, stemWidth, stageWidths, mapWidth } = config;
  const conv = (name: string, inputs: number, kernel: number) =>
    conv2dWithBiasParameters(
      name,
      [mapWidth, inputs, kernel],
      uniform(Math.sqrt(3 / (inputs * kernel ** 2))), // keeps the variance of what passes (He et al. 2015)
    );
  return [
    ...normedConvParameters(stem, [stemWidth, channels, 3]),
    ...stagesOf(config).flat().flatMap(residualBlockParameters),
    ...stageWidths.slice(1).flatMap((width, i) => conv(lateral(i), width, 1)),
    ...conv(output, mapWidth, 3),
  ];
}

function checkSizes(config: FeaturePyramidConfig): void {
  const { height, width, stemWidth, stageWidths, blocksPerStage, groups } = config;
  checkDivides("height", height, "the stride", detectorStride);
  checkDivides("width", width, "the stride", detectorStride);
  checkDivides("stemWidth", stemWidth, "groups", groups);
  for (const each of stageWidths) checkDivides("a stage's width", each, "groups", groups);
  if (stageWidths.length >= 2 && stageWidths.length === blocksPerStage.length) return;
  throw new ModelError(
    "a feature pyramid needs two stages or more, each with its number of blocks",
    `${stageWidths.length} stageWidths, ${blocksPerStage.length} blocksPerStage`,
    "give both as many numbers, at least two",
  );
}
