import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { imageClassifier } from "../models/image-classifier.js";
import { vit } from "../models/vit.js";
import { lookUp } from "../nn/parameter.js";
import { crossEntropy, crossEntropyLoss } from "./cross-entropy.js";

const shape = { batchSize: 3, channels: 1, height: 2, width: 2 };
const images = new Float32Array(12);
const complete = (labels: number[], labelSmoothing = 0, targets?: Float32Array) =>
  crossEntropy({ numClasses: 4, labelSmoothing }).complete(
    { images, labels: Int32Array.from(labels), targets },
    shape,
    randomStream(1, "unused"),
  );

describe("crossEntropyLoss", () => {
  it("is the logarithm of the number of classes where nothing is known", async () => {
    const targets = constant([0, 1, 0, 0, 0.5, 0, 0.5, 0], [2, 4]);
    const { loss } = await evaluate(crossLoss(Array(8).fill(3), targets));
    expect(loss[0]).toBeCloseTo(Math.log(4), 6);
  });

  it("is the mean over rows with a target, of loss and accuracy alike", async () => {
    const targets = constant([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [3, 4]);
    const logits = [0, Math.log(3), 0, 0, 5, 6, 7, 8, Math.log(5), 0, 0, 0];
    const { loss, accuracy } = await evaluate(crossLoss(logits, targets));
    expect(loss[0]).toBeCloseTo((Math.log(6 / 3) + Math.log(8)) / 2, 6);
    expect(accuracy[0]).toBe(0.5);
  });

  it("is zero where no row has a target", async () => {
    expect(await evaluate(crossLoss([1, 2, 3, 4], constant([0, 0, 0, 0], [1, 4])))).toEqual({
      loss: [0],
      accuracy: [0],
    });
  });

  function crossLoss(logits: number[], targets: Tensor) {
    const { loss, metrics } = crossEntropyLoss(constant(logits, [logits.length / 4, 4]), targets);
    return { loss, ...metrics };
  }
});

describe("crossEntropy", () => {
  it("makes one row a label, and none of a missing one", () => {
    const batch = complete([2, -1, 0]);
    expect([...batch.targets]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    expect(crossEntropy({ numClasses: 4 }).count(batch)).toBe(2);
  });

  it("gives every class its part of what is smoothed, also of blended images", () => {
    const blended = Float32Array.of(0.75, 0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    expect([...complete([9, 9, 9], 0.5, blended).targets]).toEqual([
      ...[0.5, 0.25, 0.125, 0.125],
      ...[0, 0, 0, 0],
      ...[0.125, 0.125, 0.125, 0.625],
    ]);
    expect(complete([9, 9, 9], 0, blended).targets).toBe(blended);
  });

  it("refuses labels that are no class, and a classifier of other classes", () => {
    expect(() => complete([0, 4, 1])).toThrow("label 4, 4 classes");
    const sizes = { patchSize: 1, embedWidth: 4, numLayers: 1, numHeads: 1, mlpWidth: 4 };
    const model = imageClassifier(vit({ ...shape, ...sizes }), 5);
    const loss = () => crossEntropy({ numClasses: 4 }).loss(model, lookUp(new Map()), {});
    expect(loss).toThrow("5 and 4");
  });
});
