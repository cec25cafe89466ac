/** A model and an objective as training sees them: parameters, batches of certain tensors, a loss over them. */
import type { TensorType } from "../core/graph/tensor.js";
import type { Batch } from "../data/training-data.js";
import type { Decoder } from "../models/decoder.js";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import type { ImageModel } from "../models/image-model.js";
import type { SpeechModel } from "../models/speech-encoder.js";
import type { Parameter, Parameters } from "../nn/parameter.js";
import type { ImageBatchShape, ImageObjective } from "./image-objective.js";
import { nextToken } from "./next-token.js";
import type { BatchTensors, MeasuredLoss, Objective, Report } from "./objective.js";
import type { PaddedObjective } from "./padded-objective.js";
import type { SequenceBatchShape, SequenceObjective } from "./sequence-objective.js";
import type { SpeechBatchShape, SpeechObjective } from "./speech-objective.js";

/** A loss over batches. */
export interface Measure {
  /** The tensors that the loss reads, by the names they have in a batch. */
  readonly batch: Readonly<Record<string, TensorType>>;
  /** The loss, a scalar, and other scalars to log. */
  loss(p: Parameters, batch: BatchTensors): MeasuredLoss;
  /** The same loss over batches of other shapes. Which of them a batch has, the lengths of its arrays tell. */
  readonly shapes?: readonly Omit<Measure, "shapes">[];
}

/** A model together with its objective: all that a step of training has to know. */
export interface Task extends Measure {
  readonly parameters: readonly Parameter[];
  /**
   * How it is evaluated where that is not how it is learned: by batches that say which of their examples count, as
   * the last one of a set is filled up, or by a loss without what only helps to learn.
   */
  readonly evaluation?: Measure;
  /** What training speed is counted in, such as "tokens". */
  readonly unit: string;
  readonly unitsPerBatch: number;
  /** What the loss is the mean of, such as "tokens" or "pairs". */
  readonly counts: string;
  /** How many of them a batch holds. */
  count(batch: Batch): number;
  /** What else a mean loss says, such as a perplexity. */
  readonly report?: Report;
}

/** A language model that learns from rows of tokens; by default their next one. */
export function languageTask(
  model: Decoder,
  shape: { readonly batchSize: number; readonly contextLength: number },
  objective: Objective = nextToken(),
): Task {
  const by = ({ loss, batch = objective.batch }: NonNullable<Objective["evaluation"]>): Measure => ({
    batch: batch(shape),
    loss: (p, batch) => loss((ids, packing) => model.hidden(p, ids, { packing }), model.head(p), batch, p),
  });
  return {
    ...by(objective),
    evaluation: objective.evaluation && by(objective.evaluation),
    parameters: model.parameters,
    unit: "tokens",
    unitsPerBatch: shape.batchSize * shape.contextLength,
    counts: objective.counts,
    count: objective.count,
    report: objective.report,
  };
}

/** A model of images that learns from completed batches. */
export function imageTask<Model extends Pick<ImageModel, "parameters">>(
  model: Model,
  shape: ImageBatchShape,
  objective: Omit<ImageObjective<Model>, "complete">,
): Task {
  const over = (batch: Measure["batch"]): Measure => ({
    batch,
    loss: (p, tensors) => objective.loss(model, p, tensors),
  });
  return {
    ...over(objective.batch(shape)),
    evaluation: objective.evaluated && over(objective.evaluated(shape)),
    parameters: model.parameters,
    unit: "images",
    unitsPerBatch: shape.batchSize,
    counts: objective.counts ?? "images",
    count: objective.count,
  };
}

/** A model of speech that learns from completed batches of these shapes, of about as many frames each. */
export function speechTask<Model extends SpeechModel>(
  model: Model,
  shapes: readonly SpeechBatchShape[],
  objective: SpeechObjective<Model>,
): Task {
  return {
    ...paddedTask(model, shapes, objective),
    unit: "frames",
    unitsPerBatch: Math.max(...shapes.map(({ batchSize, frames }) => batchSize * frames)),
  };
}

/** A model of pairs of sequences that learns from completed batches of these shapes; speed is in tokens of targets. */
export function sequenceTask<Model extends Pick<EncoderDecoder, "parameters">>(
  model: Model,
  shapes: readonly SequenceBatchShape[],
  objective: SequenceObjective<Model>,
): Task {
  return {
    ...paddedTask(model, shapes, objective),
    unit: "tokens",
    unitsPerBatch: Math.max(...shapes.map(({ batchSize, target }) => batchSize * target)),
  };
}

function paddedTask<Model extends { readonly parameters: readonly Parameter[] }, Examples, Shape>(
  model: Model,
  shapes: readonly Shape[],
  objective: PaddedObjective<Model, Examples, Shape>,
): Omit<Task, "unit" | "unitsPerBatch"> {
  const over = (batchOf: (shape: Shape) => Measure["batch"], { loss }: Pick<typeof objective, "loss">) => {
    const [first, ...others] = shapes.map((shape) => ({
      batch: batchOf(shape),
      loss: (p: Parameters, tensors: BatchTensors) => loss(model, p, tensors),
    }));
    return { ...first, shapes: others };
  };
  return {
    ...over(objective.batch, objective),
    evaluation: over(objective.evaluated, objective.evaluation ?? objective),
    parameters: model.parameters,
    counts: objective.counts,
    count: objective.count,
    report: objective.report,
  };
}
