import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { known } from "../core/graph/size.js";
import { constant, named, type Tensor } from "../core/graph/tensor.js";
import { slice } from "../core/ops/slice.js";
import { randomStream } from "../core/random.js";
import type { SpeechRecogniser } from "../models/speech-encoder.js";
import { lookUp } from "../nn/parameter.js";
import { ctc, ctcLabels, fitsCtc, meanCtcLoss } from "./ctc.js";

const shape = { batchSize: 3, frames: 4, featureWidth: 3, maxLabels: 2 };
const objective = ctc({ vocabSize: 3, numLayers: 2, layerDrop: 0.5 });
const streams = [0, 1, 2].map((row) => randomStream(1, "speech", row));
const features = Float32Array.from({ length: 3 * 4 * 3 }, (_, i) => Math.sin(i));
const recordings = { features, frames: [4, 2, 0], labels: [[1, 1], [2], []] };
const complete = () => objective.complete(recordings, shape, streams);

/** Its scores are the features. */
const echo = (vocabSize: number) =>
  ({ vocabSize, logits: (_p, x) => named("b t v", x) }) as Partial<SpeechRecogniser> as SpeechRecogniser;

/** A batch as constants of the graph. */
function tensors(batch: ReturnType<typeof complete>): Record<string, Tensor> {
  const types = objective.evaluated(shape);
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => [
      name,
      constant(batch[name], type.shape.map(known), type.dtype),
    ]),
  );
}

describe("fitsCtc", () => {
  it("wants a frame for each label and a blank between two that are the same", () => {
    expect([fitsCtc([1, 2, 3], 3), fitsCtc([1, 2, 3], 2)]).toEqual([true, false]);
    expect([fitsCtc([1, 1, 2, 2], 6), fitsCtc([1, 1, 2, 2], 5)]).toEqual([true, false]);
    expect(fitsCtc([], 0)).toBe(true);
  });
});

describe("ctc", () => {
  it("completes what it announces, rows without frames counting for nothing", () => {
    const batch = complete();
    for (const [name, { shape: sizes }] of Object.entries(objective.batch(shape))) {
      expect(batch[name], name).toHaveLength(sizes.map(known).reduce((a, b) => a * b, 1));
    }
    expect([...batch.labels]).toEqual([1, 1, 2, 0, 0, 0]);
    expect([...batch.valid]).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect(objective.count(batch)).toBe(2);
    expect(Object.keys(objective.evaluated(shape))).not.toContain("keep");
  });

  it("is the mean over the rows that count, whatever fills the batch", async () => {
    const batch = tensors(complete());
    const two = Object.fromEntries(Object.entries(batch).map(([name, x]) => [name, slice(x, 0, 0, 2)]));
    const p = lookUp(new Map());
    const [whole, part] = [batch, two].map((given) => objective.loss(echo(3), p, given));
    const result = await evaluate({ whole: whole.loss, part: part.loss });
    expect(result.whole[0]).toBeGreaterThan(0.5);
    expect(result.whole[0]).toBeCloseTo(result.part[0], 6);
  });

  it("says in how many frames the blank is the likeliest", async () => {
    const logits = constant([3, 0, 0, 0, 3, 0, 3, 0, 0, 3, 0, 0], [1, 4, 3]);
    const targets = { labels: constant([1], [1, 1], "int64"), valid: constant([1, 1, 1, 0], [1, 4]) };
    const { metrics } = meanCtcLoss(logits, targets, constant([1]));
    expect((await evaluate(metrics)).blanks[0]).toBeCloseTo(2 / 3, 6);
  });

  it("refuses labels that are no symbol or too many, recordings without text, and another vocabulary", () => {
    expect(() => ctcLabels([[1, 3]], 2, 3)).toThrow("label 3, 3 symbols");
    expect(() => ctcLabels([[0]], 2, 3)).toThrow("label 0, 3 symbols");
    expect(() => ctcLabels([[1, 2, 1]], 2, 3)).toThrow("3 labels, room for 2");
    const untold = { ...recordings, labels: undefined };
    expect(() => objective.complete(untold, shape, streams)).toThrow("a batch without labels");
    expect(() => objective.loss(echo(4), lookUp(new Map()), {})).toThrow("4 and 3");
  });
});
