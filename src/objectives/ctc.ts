/** Text from sound: connectionist temporal classification (Graves et al. 2006) as training asks for it. */
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { cast, div, maximum, mul } from "../core/ops/elementwise.js";
import { equal, greater } from "../core/ops/logic.js";
import { sum } from "../core/ops/movement.js";
import { argmax } from "../core/ops/reduce.js";
import type { SpeechRecogniser } from "../models/speech-encoder.js";
import { type CtcTargets, ctcLoss } from "./ctc-loss.js";
import { ObjectiveError } from "./errors.js";
import { meanOfCounted } from "./image-objective.js";
import { validUpTo } from "./padded-objective.js";
import { framesOf, type SpeechBatchShape, type SpeechObjective } from "./speech-objective.js";
import { drawKeep, keepOf, type StochasticDepthOptions } from "./stochastic-depth.js";

/** What text is learned by. */
export interface CtcOptions extends StochasticDepthOptions {
  /** Symbols, the blank (number 0) among them. */
  readonly vocabSize: number;
}

/** Whether some path over so many frames reads as the labels: a repeated label needs a blank before it. */
export function fitsCtc(labels: readonly number[], frames: number): boolean {
  const repeats = labels.filter((label, i) => i > 0 && label === labels[i - 1]).length;
  return labels.length + repeats <= frames;
}

/**
 * The labels [b, u] of rows, 0 behind each one's last. Throws `ObjectiveError` for a label that is no symbol, and for
 * a row of more labels than the shape has room for.
 */
export function ctcLabels(
  rows: readonly (readonly number[])[],
  maxLabels: number,
  vocabSize: number,
): Int32Array {
  const labels = new Int32Array(rows.length * maxLabels);
  rows.forEach((row, i) => {
    if (row.length > maxLabels) {
      throw new ObjectiveError(
        "a recording has more labels than its batch has room for",
        `${row.length} labels, room for ${maxLabels}`,
        "choose maxLabels as the most that a recording of the data has",
      );
    }
    for (const label of row) if (!(label > 0 && label < vocabSize)) throw noSymbol(label, vocabSize);
    labels.set(row, i * maxLabels);
  });
  return labels;
}

function noSymbol(label: number, vocabSize: number): ObjectiveError {
  return new ObjectiveError(
    "a recording's label is no symbol of the model",
    `label ${label}, ${vocabSize} symbols`,
    `give labels from 1 to ${vocabSize - 1}; 0 is the blank`,
  );
}

/**
 * Each row's loss divided by its number of labels, then the mean, as PyTorch's reduction "mean" has it, over the rows
 * for which `counted` is 1 and not 0. `blanks` is the share of frames in which the blank is the likeliest: 1 on the
 * plateau where nothing is written.
 */
export function meanCtcLoss(logits: Tensor<"b t v">, targets: CtcTargets, counted: Tensor<"b">) {
  const { labels, valid } = targets;
  const length = sum<"b">(cast(greater(labels, 0), logits.dtype), [1]);
  const ofRows = div(ctcLoss(logits, targets), maximum(length, 1));
  const isBlank = cast(equal(argmax<"b t">(logits), 0), logits.dtype);
  return {
    loss: meanOfCounted(ofRows, counted),
    metrics: { blanks: div(sum<"">(mul(isBlank, valid)), maximum(sum<"">(valid), 1)) },
  };
}

/**
 * Writes down what is said. A batch holds `features`, `valid` frames, `labels`, int64 [b, u], which rows are `counted`,
 * and what layers it shall `keep`. Recordings whose labels do not fit their frames (`fitsCtc`) have no loss: leave them
 * out. `complete` throws `ObjectiveError` for a batch without labels and as `ctcLabels` does.
 */
export function ctc({ vocabSize, ...depth }: CtcOptions): SpeechObjective<SpeechRecogniser> {
  const evaluated = (shape: SpeechBatchShape): Record<string, TensorType> => ({
    ...framesOf(shape),
    labels: { dtype: "int64", shape: [shape.batchSize, shape.maxLabels] },
    counted: { dtype: "float32", shape: [shape.batchSize] },
  });
  return {
    batch: (shape) => ({ ...evaluated(shape), ...keepOf(depth, shape) }),
    evaluated,
    complete({ features, frames, labels }, shape, streams) {
      if (!labels) {
        throw new ObjectiveError(
          "recordings without text cannot teach to write",
          "a batch without labels",
          "give each recording its labels, or learn from sound alone by bestRq",
        );
      }
      return {
        features,
        valid: validUpTo(frames, shape.frames),
        labels: ctcLabels(labels, shape.maxLabels, vocabSize),
        counted: Float32Array.from(frames, (count) => Number(count > 0)),
        ...drawKeep(depth, streams),
      };
    },
    loss(model, p, { features, valid, labels, counted, keep }) {
      if (model.vocabSize !== vocabSize) {
        throw new ObjectiveError(
          "the recogniser and its objective differ in symbols",
          `${model.vocabSize} and ${vocabSize}`,
          "give both the same vocabSize",
        );
      }
      return meanCtcLoss(model.logits(p, features, { valid, keep }), { labels, valid }, counted);
    },
    counts: "recordings",
    count: ({ counted }) => (counted as Float32Array).reduce((total, weight) => total + weight, 0),
  };
}
