import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { known } from "../core/graph/size.js";
import { constant, input, named } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { codePredictor } from "../models/code-predictor.js";
import type { SpeechEncoder } from "../models/speech-encoder.js";
import { lookUp } from "../nn/parameter.js";
import { bestRq, codeLoss, drawSpans } from "./best-rq.js";

const spans = { spanLength: 4, startProbability: 0.1 };
const options = { ...spans, numCodes: 7, numCodebooks: 2, numLayers: 2, layerDrop: 0.5 };
const objective = bestRq(options);
const shape = { batchSize: 3, frames: 40, featureWidth: 2, maxLabels: 1 };
const recordings = {
  features: new Float32Array(3 * 40 * 2).fill(9),
  frames: [40, 25, 0],
  codes: Uint16Array.from({ length: 3 * 40 * 2 }, (_, i) => i % 7),
};
const streams = () => [0, 1, 2].map((row) => randomStream(1, "speech", row));
const complete = () => objective.complete(recordings, shape, streams());

const encoder: SpeechEncoder = {
  featureWidth: 2,
  width: 3,
  numLayers: 2,
  parameters: [],
  encode: (_p, x) => named("b t c", x),
  config: () => ({}),
};

describe("drawSpans", () => {
  it("hides whole spans, as often as chance has it, and none behind the end", () => {
    const hidden = drawSpans(20_000, spans, randomStream(1, "spans"));
    const runs = [...hidden]
      .join("")
      .split("0")
      .map((run) => run.length);
    expect(Math.min(...runs.slice(0, -1).filter((length) => length > 0))).toBe(4);
    // A frame is seen when no span starts at it or at the three before: 0.9^4 = 0.656, deviation about 0.01.
    const seen = hidden.filter((mark) => mark === 0).length / hidden.length;
    expect(Math.abs(seen - 0.9 ** 4)).toBeLessThan(0.04);
    expect(drawSpans(3, { spanLength: 10, startProbability: 1 }, randomStream(1, "spans"))).toHaveLength(3);
  });
});

describe("bestRq", () => {
  it("masks hidden frames of the recordings, and asks for their codes alone", () => {
    const { features, codes, valid, masked } = complete();
    expect(features).toEqual(recordings.features);
    for (const [frame, isHidden] of [...masked].entries()) {
      const asked = [0, 1].map((codebook) => codes[codebook * 120 + frame]);
      expect(asked).toEqual(isHidden ? [(2 * frame) % 7, (2 * frame + 1) % 7] : [-1, -1]);
      if (isHidden) expect(valid[frame]).toBe(1);
    }
    const hidden = masked.filter((mark) => mark === 1).length;
    expect(hidden).toBeGreaterThan(5);
    expect(objective.count(complete())).toBe(hidden);
  });

  it("completes what it announces: a function of each recording and its stream", () => {
    const batch = complete();
    for (const [name, { shape: sizes }] of Object.entries(objective.batch(shape))) {
      expect(batch[name], name).toHaveLength(sizes.map(known).reduce((a, b) => a * b, 1));
    }
    expect(complete()).toEqual(batch);
    const second = objective.complete(
      { features: recordings.features.slice(80, 160), frames: [25], codes: recordings.codes.slice(80, 160) },
      { ...shape, batchSize: 1 },
      [randomStream(1, "speech", 1)],
    );
    expect(second.masked).toEqual(batch.masked.slice(40, 80));
    expect(Object.keys(objective.evaluated(shape))).not.toContain("keep");
  });

  it("refuses batches without codes and a model of other codes", () => {
    const uncoded = { ...recordings, codes: undefined };
    expect(() => objective.complete(uncoded, shape, streams())).toThrow("no codes for 3 x 40 frames");
    const model = codePredictor(encoder, { numCodes: 8, numCodebooks: 2 });
    expect(() => objective.loss(model, lookUp(new Map()), {})).toThrow("2 x 8 and 2 x 7");
  });
});

describe("codeLoss", () => {
  const codes = constant([0, -1, 2, 0, 0, -1], [1, 2, 3], "int64"); // of one codebook, two rows of three frames
  const hidden = input<"b t c">("hidden", "float32", [2, 3, 2]);
  const head = input<"v c">("head", "float32", [3, 2]);
  const values = {
    hidden: [0.3, -1, 9, 9, 0.7, 0.2, -0.4, 0.5, 1.1, -0.6, 9, 9],
    head: [1, 0.5, -0.3, 2, 0.8, -1],
  };

  it("is cross-entropy over hidden frames alone, with its gradient", async () => {
    const { loss } = codeLoss(hidden, [head], codes);
    const [dHidden, dHead] = grad(loss, [hidden, head]);
    const result = await evaluate({ loss, dHidden, dHead }, values);
    const at = (given: typeof values) => crossEntropy(given, [0, -1, 2, 0, 0, -1]);
    expect(result.loss[0]).toBeCloseTo(at(values), 6);
    const difference = (name: keyof typeof values, i: number) => {
      const [up, down] = [1e-4, -1e-4].map((by) =>
        at({ ...values, [name]: values[name].with(i, values[name][i] + by) }),
      );
      return (up - down) / 2e-4;
    };
    for (const [i, slope] of result.dHidden.entries()) expect(slope).toBeCloseTo(difference("hidden", i), 5);
    for (const [i, slope] of result.dHead.entries()) expect(slope).toBeCloseTo(difference("head", i), 5);
  });

  it("says how often it is right, how often the most frequent code is, and how many codes are in use", async () => {
    const sure = constant([9, 0, 0, 0, 0, 9, 9, 0, 0, 9, 0, 0], [2, 3, 2]); // 0, any, 1, 0, 1, any
    const { metrics } = codeLoss(sure, [constant([5, 0, 0, 5, 0, 0], [3, 2])], codes);
    const result = await evaluate(metrics);
    expect(result.accuracy[0]).toBe(0.5);
    expect(result.mostFrequent[0]).toBe(0.75);
    expect(result.codesUsed[0]).toBeCloseTo(Math.exp(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25))), 5);
    expect(result.codesPredicted[0]).toBeCloseTo(2, 5);
  });

  it("is the mean over codebooks, and zero where nothing is hidden", async () => {
    const both = constant([0, -1, 2, 0, 0, -1, 1, -1, 1, 1, 1, -1], [2, 2, 3], "int64");
    const none = codeLoss(hidden, [head], constant(Array(6).fill(-1), [1, 2, 3], "int64"));
    const result = await evaluate(
      { loss: codeLoss(hidden, [head, head], both).loss, none: none.loss },
      values,
    );
    const each = [
      [0, -1, 2, 0, 0, -1],
      [1, -1, 1, 1, 1, -1],
    ].map((own) => crossEntropy(values, own));
    expect(result.loss[0]).toBeCloseTo((each[0] + each[1]) / 2, 6);
    expect(result.none[0]).toBe(0);
  });

  function crossEntropy({ hidden: h, head: w }: typeof values, own: number[]): number {
    const losses = own.flatMap((code, i) => {
      if (code < 0) return [];
      const logits = [0, 1, 2].map((v) => h[2 * i] * w[2 * v] + h[2 * i + 1] * w[2 * v + 1]);
      return Math.log(logits.map(Math.exp).reduce((a, b) => a + b)) - logits[code];
    });
    return losses.reduce((a, b) => a + b) / losses.length;
  }
});
