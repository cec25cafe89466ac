/**
 * A dense detector without anchors (FCOS: Tian et al. 2019, section 3) on one level of stride 8: two towers of
 * convolutions say of every cell what is there, how far its sides are, and how well they are known. Departures: group
 * norm behind convolutions without biases; distances by softplus instead of exp; quality is the overlap to be expected
 * (as in IoU-aware RetinaNet: Wu et al. 2020) and no centre-ness. Parameters are named as in torchvision's `FCOSHead`,
 * with `bbox_iou` for its `bbox_ctrness`.
 */
import type { Tensor } from "../core/graph/tensor.js";
import { mul, relu } from "../core/ops/elementwise.js";
import { softplus } from "../nn/activation.js";
import { conv2dWithBias, conv2dWithBiasParameters } from "../nn/conv2d.js";
import { filled, normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { type CellEncoder, type Detector, detectorStride } from "./detector.js";
import { labelsOf } from "./image-classifier.js";
import { normedConv, normedConvParameters } from "./residual-block.js";
import { checkDivides } from "./shapes.js";

/** Sizes of the head above an encoder of cells. */
export interface DenseHeadConfig {
  readonly numClasses: number;
  /** Convolutions of each tower, as wide as the encoder's map. */
  readonly towerLayers: number;
  /** Of the towers' group norms. */
  readonly groups: number;
}

/** How likely a class is in a cell before anything is learned (focal loss: Lin et al. 2017, section 4.1). */
const prior = 0.01;
/** In strides; a softplus of zero is then about one of them. */
const distanceScale = 1.5;

const classTower = "head.classification_head.conv";
const classOutput = "head.classification_head.cls_logits";
const boxTower = "head.regression_head.conv";
const boxOutput = "head.regression_head.bbox_reg";
const qualityOutput = "head.regression_head.bbox_iou";

/** A dense detector over an encoder. Throws `ModelError` when groups do not divide the encoder's width. */
export function denseDetector(encoder: CellEncoder, config: DenseHeadConfig): Detector {
  const { channels, height, width, mapWidth } = encoder;
  const { numClasses, towerLayers, groups } = config;
  checkDivides("mapWidth", mapWidth, "groups", groups);

  const tower = (p: Parameters, x: Tensor<"b c h w">, name: string) =>
    layersOf(name, towerLayers).reduce((y, layer) => relu(normedConv(p, y, layer, groups)), x);

  return {
    channels,
    height,
    width,
    encoder,
    numClasses,
    parameters: [...encoder.parameters, ...headParameters(mapWidth, config)],
    maps(p, images) {
      const cells = encoder.map(p, images);
      const boxes = tower(p, cells, boxTower);
      return {
        classes: conv2dWithBias(p, tower(p, cells, classTower), classOutput),
        distances: mul(softplus(conv2dWithBias(p, boxes, boxOutput)), distanceScale * detectorStride),
        quality: conv2dWithBias(p, boxes, qualityOutput),
      };
    },
    config: () => ({
      model_type: "autodidact_dense_detector",
      backbone_config: encoder.config(),
      tower_layers: towerLayers,
      groups,
      ...labelsOf(numClasses),
    }),
  };
}

/** Convolution, norm and rectifier are counted one by one, as in a `Sequential`. */
function layersOf(tower: string, count: number) {
  return Array.from({ length: count }, (_, i) => [`${tower}.${3 * i}`, `${tower}.${3 * i + 1}`] as const);
}

function headParameters(mapWidth: number, { numClasses, towerLayers }: DenseHeadConfig): Parameter[] {
  const towerParameters = (name: string) =>
    layersOf(name, towerLayers).flatMap((layer) => normedConvParameters(layer, [mapWidth, mapWidth, 3]));
  const output = (name: string, outputs: number) =>
    conv2dWithBiasParameters(name, [outputs, mapWidth, 3], normal(0.01));
  const [weight, bias] = output(classOutput, numClasses);
  return [
    ...towerParameters(classTower),
    weight,
    { ...bias, init: filled(-Math.log((1 - prior) / prior)) },
    ...towerParameters(boxTower),
    ...output(boxOutput, 4),
    ...output(qualityOutput, 1),
  ];
}
