/** What models that find things in pictures have in common. Images are [b, c, h, w] with values from -1 to 1. */
import type { Tensor } from "../core/graph/tensor.js";
import type { Parameters } from "../nn/parameter.js";
import type { ImageModel } from "./image-model.js";

/** Of a cell's side, in pixels: a detector says something of every cell. */
export const detectorStride = 8;

/** Gives one vector to every cell of an image. */
export interface CellEncoder extends ImageModel {
  /** Of the vector. */
  readonly mapWidth: number;
  /** The vectors, [b, c, height / 8, width / 8]. */
  map(p: Parameters, images: Tensor<"b c h w">): Tensor<"b c h w">;
}

/** What a detector says of every cell, y down and x to the right. */
export interface DetectionMaps {
  /** How likely a thing of each class is there, each for itself, before the sigmoid; [b, numClasses, y, x]. */
  readonly classes: Tensor<"b c h w">;
  /**
   * From the cell's centre to the left, top, right and bottom of the thing, in pixels of the input; none is below 0;
   * [b, 4, y, x].
   */
  readonly distances: Tensor<"b c h w">;
  /** How far the box will overlap the thing (intersection over union), before the sigmoid; [b, 1, y, x]. */
  readonly quality: Tensor<"b c h w">;
}

/** Finds things of several classes and their boxes. */
export interface Detector extends ImageModel {
  readonly encoder: CellEncoder;
  readonly numClasses: number;
  /** What is in the images, cell by cell. */
  maps(p: Parameters, images: Tensor<"b c h w">): DetectionMaps;
}
