/** A model and an objective as training sees them: parameters, batches of certain tensors, a loss over them. */
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { type Decoder, plainly } from "../models/decoder.js";
import type { ImageModel } from "../models/image-model.js";
import type { Parameter, Parameters } from "../nn/parameter.js";
import type { ImageBatchShape, ImageObjective } from "./image-objective.js";
import { nextToken } from "./next-token.js";
import type { Batch, Objective } from "./objective.js";

/** A model together with its objective: all that a step of training has to know. */
export interface Task {
  readonly parameters: readonly Parameter[];
  /** The tensors that the loss reads, by the names they have in a batch. */
  readonly batch: Readonly<Record<string, TensorType>>;
  /** What training speed is counted in. */
  readonly unit: "tokens" | "images";
  readonly unitsPerBatch: number;
  /** The loss, a scalar, and other scalars to log. `eachLayer` runs every layer's body, plainly by default. */
  loss(
    p: Parameters,
    batch: Readonly<Record<string, Tensor>>,
    eachLayer?: typeof plainly,
  ): { readonly loss: Tensor<"">; readonly metrics?: Readonly<Record<string, Tensor<"">>> };
  /** How many tokens, pairs or images a batch's loss is the mean of. */
  count(batch: Batch): number;
}

/** A language model that learns from rows of tokens; by default their next one. */
export function languageTask(
  model: Decoder,
  shape: { readonly batchSize: number; readonly contextLength: number },
  objective: Objective = nextToken(),
): Task {
  return {
    parameters: model.parameters,
    batch: objective.batch(shape),
    unit: "tokens",
    unitsPerBatch: shape.batchSize * shape.contextLength,
    loss: (p, batch, eachLayer = plainly) =>
      objective.loss((ids, packing) => model.hidden(p, ids, { eachLayer, packing }), model.head(p), batch),
    count: objective.count,
  };
}

/** A model of images that learns from completed batches. */
export function imageTask<Model extends Pick<ImageModel, "parameters">>(
  model: Model,
  shape: ImageBatchShape,
  objective: ImageObjective<Model>,
): Task {
  return {
    parameters: model.parameters,
    batch: objective.batch(shape),
    unit: "images",
    unitsPerBatch: shape.batchSize,
    loss: (p, batch) => objective.loss(model, p, batch),
    count: objective.count,
  };
}
