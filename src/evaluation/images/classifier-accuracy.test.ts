import { describe, expect, it } from "vitest";
import { gemm } from "../../core/ops/matmul.js";
import { reshape } from "../../core/ops/movement.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import type { ImageClassifier } from "../../models/image-model.js";
import { filled } from "../../nn/parameter.js";
import { EvaluationError } from "../errors.js";
import { classifierAccuracy } from "./classifier-accuracy.js";

describe("the accuracy of a classifier", () => {
  /** Takes the brightest of three pixels, times a weight each, for the class. */
  const classifier: ImageClassifier = {
    channels: 1,
    height: 1,
    width: 3,
    numClasses: 3,
    parameters: [{ name: "head", shape: [3, 3], role: "head", init: filled(0) }],
    get encoder(): never {
      throw new Error("not asked for");
    },
    logits: (p, images) => gemm(reshape(images, [images.shape[0], 3]), p("head")),
    config: () => ({}),
  };
  const identity = new Map([["head", { shape: [3, 3], data: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) }]]);
  const batch = (labels: number[]) => ({
    images: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0.2, 0.4),
    labels: Int32Array.from(labels),
  });
  const measure = (...labels: number[][]) =>
    classifierAccuracy(nodeRuntime, classifier, identity, labels.map(batch), { threads: 1, spin: false });

  it("counts each class over all batches", async () => {
    const { accuracy, count, right } = await measure([0, 1, 2], [0, 0, 1]);
    expect(accuracy).toBe(4 / 6);
    expect([...count]).toEqual([3, 2, 1]);
    expect([...right]).toEqual([2, 1, 1]);
  });

  it.each([[[[0, 3, 1]]], [[[0, -1, 1]]], [[]]])("refuses %j", async (labels) => {
    await expect(measure(...labels)).rejects.toThrow(EvaluationError);
  });
});
