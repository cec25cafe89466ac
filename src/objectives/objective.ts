import type { Tensor, TensorType } from "../core/graph/tensor.js";
import type { Batch } from "../data/training-data.js";
import type { Packing } from "../models/decoder.js";
import type { Parameters } from "../nn/parameter.js";

/** A loss as the graph computes it: a scalar, and other scalars to log. */
export interface MeasuredLoss {
  readonly loss: Tensor<"">;
  readonly metrics?: Readonly<Record<string, Tensor<"">>>;
}

/** The tensors of a batch in the graph, by their names. */
export type BatchTensors = Readonly<Record<string, Tensor>>;

/** Further numbers that a task knows of a mean loss; `totals` are those of the data, see `TrainingData`. */
export type Report = (loss: number, totals: Readonly<Record<string, number>>) => Record<string, number>;

/** What a language model is trained to do: batches of certain tensors, and a loss over them. */
export interface Objective {
  /** The tensors that the loss reads, by the names they have in a batch. */
  batch(shape: { readonly batchSize: number; readonly contextLength: number }): Record<string, TensorType>;
  /** `predict` gives the hidden states [t b, c] of int64 ids [b, t]; `head` is the output embedding [v, c]. */
  loss(
    predict: (ids: Tensor<"b t">, packing?: Packing) => Tensor<"n c">,
    head: Tensor<"v c">,
    batch: BatchTensors,
    how?: Partial<Pick<Parameters, "int8Levels" | "eachLayer">>,
  ): MeasuredLoss;
  /** The loss that is evaluated, where it is not the one that is learned from, and its batches where they are others. */
  readonly evaluation?: Pick<Objective, "loss"> & Partial<Pick<Objective, "batch">>;
  /** What the loss is the mean of, such as "tokens". */
  readonly counts: string;
  /** How many of them a batch holds. */
  count(batch: Batch): number;
  readonly report?: Report;
}
