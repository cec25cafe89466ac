import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { known } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { gather } from "../core/ops/gather.js";
import { reshape } from "../core/ops/movement.js";
import { randomStream } from "../core/random.js";
import type { Batch } from "../data/training-data.js";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import { lookUp } from "../nn/parameter.js";
import type { SequenceBatch } from "./sequence-objective.js";
import { sequenceToSequence } from "./sequence-to-sequence.js";
import { sequenceTask } from "./task.js";

const shape = { batchSize: 3, source: 4, target: 3 };
const pairs = [
  { source: [5, 6, 7, 1], target: [3, 4] },
  { source: [5, 1], target: [6] },
  { source: [7], target: [2] },
];
const batch: SequenceBatch = { pairs, count: 2 };
const marks = { padToken: 0, endToken: 1, dropoutSites: 2 };
const streams = pairs.map((_, row) => randomStream(1, "row", row));

const vocabSize = 8;
/** [v, c] */
const table = Array.from({ length: vocabSize * 2 }, (_, i) => Math.sin(i));
const embedding = () => constant(table, [vocabSize, 2]) as Tensor<"v c">;

/** Its states are the vectors of the tokens before, after dropout. */
const echo = {
  parameters: [],
  dropoutSites: 2,
  head: embedding,
  encode: (_p, { ids }) => gather(embedding(), ids),
  decodeAll(_p, _encoded, _source, inputs, dropout = (x) => x) {
    const [rows, time] = inputs.shape.map(known);
    return dropout(reshape<"n c">(gather(embedding(), inputs), [rows * time, 2]), 1);
  },
} as Partial<EncoderDecoder> as EncoderDecoder;

type Settings = Partial<Parameters<typeof sequenceToSequence>[0]>;

/** The loss of the batch as it is learned from, or as it is evaluated. */
async function lossOf(
  settings: Settings,
  given: SequenceBatch = batch,
  isEvaluated = false,
): Promise<number> {
  const objective = sequenceToSequence({ ...marks, ...settings });
  const types = isEvaluated ? objective.evaluated(shape) : objective.batch(shape);
  const values: Batch = objective.complete(given, shape, streams);
  const tensors = Object.fromEntries(
    Object.entries(types).map(([name, type]) => [
      name,
      constant(values[name], type.shape.map(known), type.dtype),
    ]),
  );
  const { loss } = isEvaluated ? objective.evaluation! : objective;
  return (await evaluate({ loss: loss(echo, lookUp(new Map()), tensors).loss })).loss[0];
}

/** Of the tokens that count: -(1 - e) log p of the target - e times the mean of all tokens' log p. */
function slowLoss(smoothing: number): number {
  const inputs = [0, 3, 4, 0, 6];
  const targets = [3, 4, 1, 6, 1];
  const losses = inputs.map((id, i) => {
    const logits = Array.from({ length: vocabSize }, (_, k) =>
      [0, 1].reduce((total, j) => total + table[2 * id + j] * table[2 * k + j], 0),
    );
    const logSum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
    const mean = logits.reduce((a, b) => a + b) / vocabSize;
    return logSum - (1 - smoothing) * logits[targets[i]] - smoothing * mean;
  });
  return losses.reduce((a, b) => a + b) / losses.length;
}

describe("sequence to sequence", () => {
  it("completes what it announces: targets ahead of inputs, rows that only fill the batch for nothing", () => {
    const objective = sequenceToSequence({ ...marks, dropout: 0.1 });
    const completed = objective.complete(batch, shape, streams);
    for (const [name, { shape: sizes }] of Object.entries(objective.batch(shape))) {
      expect(completed[name], name).toHaveLength(sizes.map(known).reduce((a, b) => a * b, 1));
    }
    expect([...completed.source]).toEqual([5, 6, 7, 1, 5, 1, 0, 0, 7, 0, 0, 0]);
    expect([...completed.sourceValid]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0]);
    expect([...completed.inputs]).toEqual([0, 3, 4, 0, 6, 0, 0, 2, 0]);
    expect([...completed.targets]).toEqual([3, 4, 1, 6, 1, -100, -100, -100, -100]);
    expect(objective.count(completed)).toBe(5);
  });

  it.each([0, 0.1])(
    "is the mean over the tokens that count, labels smoothed by %d",
    async (labelSmoothing) => {
      // Float32's digits of a loss of about 2.
      expect(await lossOf({ labelSmoothing })).toBeCloseTo(slowLoss(labelSmoothing), 5);
      const others = { pairs: [pairs[0], pairs[1], { source: [4], target: [5, 5] }], count: 2 };
      expect(await lossOf({ labelSmoothing }, others)).toBeCloseTo(slowLoss(labelSmoothing), 5);
    },
  );

  it("is evaluated by hard labels and without dropout", async () => {
    expect(await lossOf({ labelSmoothing: 0.2, dropout: 0.5 }, batch, true)).toBeCloseTo(slowLoss(0), 5);
    expect(Math.abs((await lossOf({ dropout: 0.5 })) - slowLoss(0))).toBeGreaterThan(0.01);
    const objective = sequenceToSequence({ ...marks, dropout: 0.5 });
    expect(Object.keys(objective.batch(shape))).toContain("dropout");
    expect(Object.keys(objective.evaluated(shape))).not.toContain("dropout");
  });

  it("drops out of a row by its own stream, whatever the others draw", () => {
    const { complete } = sequenceToSequence({ ...marks, dropout: 0.5 });
    const rowsOf = (others: string) =>
      complete(
        batch,
        shape,
        pairs.map((_, row) => randomStream(1, row === 1 ? "same" : others, row)),
      ).dropout;
    const [one, two] = [rowsOf("a"), rowsOf("b")];
    const ofRow = (rows: Batch[string], row: number) => [...rows].filter((_, i) => i % 3 === row);
    expect(ofRow(one, 1)).toEqual(ofRow(two, 1));
    expect(ofRow(one, 0)).not.toEqual(ofRow(two, 0));
  });

  it("is a task of targets' tokens in some shapes", () => {
    const longer = { batchSize: 2, source: 9, target: 8 };
    const task = sequenceTask(echo, [shape, longer], sequenceToSequence(marks));
    expect([task.unit, task.unitsPerBatch, task.counts]).toEqual(["tokens", 16, "tokens"]);
    expect(task.shapes!.map(({ batch: { inputs } }) => inputs.shape)).toEqual([[2, 8]]);
    expect(task.evaluation!.shapes).toHaveLength(1);
    expect(task.report!(Math.log(3), {}).perplexity).toBeCloseTo(3, 10);
  });

  it("refuses pairs without room or source, and a model with other places to drop out at", () => {
    const { complete, loss } = sequenceToSequence(marks);
    const completed = (source: number[], target: number[]) => () =>
      complete({ pairs: [{ source, target }], count: 1 }, shape, streams);
    expect(completed([5], [1, 2, 3])).toThrow("1 tokens and 4 with the end, room for 4 and 3");
    expect(completed([5, 5, 5, 5, 5], [])).toThrow("longer than its batch has room for");
    expect(completed([], [2])).toThrow("nothing to read");
    expect(() => loss({ ...echo, dropoutSites: 3 }, lookUp(new Map()), {})).toThrow("3 and 2");
  });
});
