import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { initialise, inputsFor } from "../nn/parameter.js";
import { type ConformerConfig, conformer } from "./conformer.js";
import { ModelError } from "./shapes.js";

const config: ConformerConfig = {
  ...{ featureWidth: 4, width: 8, numLayers: 2, numHeads: 2, hiddenWidth: 12, kernelSize: 5 },
};
const model = conformer(config);

/** Weights with features [b, t, 4] of noise and all frames valid. */
function feedsFor(batch: number, time: number) {
  const random = randomStream(2, "features");
  const weights = model.parameters.map(({ name, shape, init }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(values, init, randomStream(1, name));
    return [name, [...values]] as const;
  });
  return {
    ...Object.fromEntries(weights),
    features: {
      shape: [batch, time, 4],
      values: Array.from({ length: batch * time * 4 }, () => random.normal()),
    },
    valid: { shape: [batch, time], values: Array<number>(batch * time).fill(1) },
  };
}

/** Vectors [b, t, 8] for batches and times of any size. */
function traced(marks: Record<string, Tensor> = {}): Tensor {
  const features = input<"b t f">("features", "float32", ["b", "t", 4]);
  const valid = input<"b t">("valid", "float32", ["b", "t"]);
  return model.encode(inputsFor(model.parameters), features, { valid, ...marks });
}

const width = 8;
/** Sums of float32 in another order, on numbers near one. */
const digits = 5;

function expectClose(actual: number[], expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i], `element ${i}`).toBeCloseTo(value, digits);
  });
}

describe("a Conformer", () => {
  it("gives a recording the same vectors alone and padded beside a longer one", async () => {
    const feeds = feedsFor(2, 9);
    const y = traced();
    const together = await evaluate(
      { y },
      { ...feeds, valid: { shape: [2, 9], values: [...Array(9).fill(1), ...Array(6).fill(1), 0, 0, 0] } },
    );
    const alone = await evaluate(
      { y },
      {
        ...feeds,
        features: { shape: [1, 6, 4], values: feeds.features.values.slice(36, 60) },
        valid: { shape: [1, 6], values: Array(6).fill(1) },
      },
    );
    expectClose(together.y.slice(9 * width, 15 * width), alone.y);
  });

  it("learns a vector for hidden frames, and does not see what it hides", async () => {
    const y = traced({ masked: input("masked", "float32", ["b", "t"]) });
    const feeds = { ...feedsFor(1, 6), masked: { shape: [1, 6], values: [0, 0, 1, 0, 0, 0] } };
    const changed = { ...feeds.features, values: feeds.features.values.with(2 * 4, 9) };
    const [one, other] = [
      await evaluate({ y }, feeds),
      await evaluate({ y }, { ...feeds, features: changed }),
    ];
    expect(one.y).toEqual(other.y);
    const shown = { ...feeds, masked: { shape: [1, 6], values: Array(6).fill(0) } };
    expect((await evaluate({ y }, shown)).y).not.toEqual(one.y);
    expectClose((await evaluate({ y }, shown)).y, (await evaluate({ y: traced() }, shown)).y);
  });

  it("leaves a recording's layers out where they are not kept", async () => {
    const y = traced({ keep: input("keep", "float32", [2, "b"]) });
    const feeds = feedsFor(2, 5);
    const at = async (keep: number[]) =>
      (await evaluate({ y }, { ...feeds, keep: { shape: [2, 2], values: keep } })).y;
    const whole = (await evaluate({ y: traced() }, feeds)).y;
    const [all, none, second] = [await at([1, 1, 1, 1]), await at([0, 0, 0, 0]), await at([1, 0, 1, 0])];
    expectClose(all, whole);
    const half = 5 * width;
    expectClose(second.slice(0, half), whole.slice(0, half));
    expectClose(second.slice(half), none.slice(half));
    // Without what the layers add, a vector is its projected frame, normed.
    for (let row = 0; row < 10; row++) {
      const vector = none.slice(row * width, (row + 1) * width);
      expect(vector.reduce((a, b) => a + b)).toBeCloseTo(0, 4);
    }
  });

  it.each([
    [{ width: 9 }, /numHeads does not divide width/],
    [{ width: 6 }, /2 does not divide headWidth/],
    [{ kernelSize: 4 }, /kernelSize 4/],
  ])("refuses %j", (change, message) => {
    expect(() => conformer({ ...config, ...change })).toThrow(ModelError);
    expect(() => conformer({ ...config, ...change })).toThrow(message);
  });
});
