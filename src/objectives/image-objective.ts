import type { TensorType } from "../core/graph/tensor.js";
import type { RandomStream } from "../core/random.js";
import type { ImageBatch, ImageShape } from "../data/images/image.js";
import type { Batch } from "../data/training-data.js";
import type { Parameters } from "../nn/parameter.js";
import type { BatchTensors, MeasuredLoss } from "./objective.js";

/** The fixed shape of batches of images. */
export interface ImageBatchShape extends ImageShape {
  readonly batchSize: number;
}

/** What a model of images is trained to do. */
export interface ImageObjective<Model> {
  /** Augmented views of each image that a batch holds, one image's views behind each other; default 1. */
  readonly views?: number;
  /** The tensors that the loss reads, by the names they have in a completed batch. */
  batch(shape: ImageBatchShape): Record<string, TensorType>;
  /** Adds what the loss draws at random, such as noise, times or masks: a pure function of images and stream. */
  complete(batch: ImageBatch, shape: ImageBatchShape, random: RandomStream): Batch;
  loss(model: Model, p: Parameters, batch: BatchTensors): MeasuredLoss;
  /** How many images the loss is the mean of. */
  count(batch: Batch): number;
}
