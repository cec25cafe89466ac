import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { randomStream } from "../core/random.js";
import { lookUp } from "../nn/parameter.js";
import { ObjectiveError } from "./errors.js";
import { flowMatching, linearPath, shiftedTime } from "./flow-matching.js";

const shape = { batchSize: 2, channels: 1, height: 1, width: 2 };
const options = { time: "uniform", classDropout: 0, numClasses: 5 } as const;
const moments = (values: Float32Array) => {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance) };
};

it("compares the prediction at the point between noise and data with the line's velocity", async () => {
  // A model that gives its input back: at time t it predicts (1 - t) noise + t data.
  const model = { ...shape, numClasses: 5, parameters: [], config: () => ({}) };
  const predict = (_p: unknown, x: ReturnType<typeof input<"b c h w">>) => mul(x, 1);
  const objective = flowMatching(options);
  const types = objective.batch(shape);
  const batch = Object.fromEntries(
    Object.entries(types).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const never = lookUp(new Map());
  const { loss } = objective.loss({ ...model, predict }, never, batch);
  const feeds = { images: [1, 2, 3, 4], noise: [0, -1, 2, 0.5], times: [0.25, 0.5], labels: [0, 0] };
  const predicted = [0.25, -0.25, 2.5, 2.25];
  const expected = predicted.map((y, i) => (y - (feeds.images[i] - feeds.noise[i])) ** 2);
  const result = await evaluate({ loss }, feeds);
  expect(result.loss[0]).toBeCloseTo(expected.reduce((a, b) => a + b) / 4, 6);
});

describe("a completed batch", () => {
  const many = { batchSize: 4000, channels: 1, height: 1, width: 2 };
  const data = { images: new Float32Array(8000), labels: new Int32Array(4000).fill(3) };
  const complete = (change: object, seed = 1) =>
    flowMatching({ ...options, ...change }).complete(data, many, randomStream(seed, "noise")) as Record<
      string,
      Float32Array
    >;

  it("has standard normal noise and depends on the stream alone", () => {
    const { noise } = complete({});
    const { mean, std } = moments(noise);
    expect(Math.abs(mean)).toBeLessThan(0.05); // over four standard errors, 1 / sqrt(8000)
    expect(Math.abs(std - 1)).toBeLessThan(0.04);
    expect(complete({}).noise).toEqual(noise);
    expect(complete({}, 2).noise).not.toEqual(noise);
  });

  it("has even times, or the logistic of normal ones", () => {
    const even = complete({ time: "uniform" }).times;
    expect(Math.abs(moments(even).mean - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(moments(even).std - Math.sqrt(1 / 12))).toBeLessThan(0.01);
    const logits = complete({ time: "logitNormal" }).times.map((t) => Math.log(t / (1 - t)));
    expect(Math.abs(moments(logits).mean)).toBeLessThan(0.07);
    expect(Math.abs(moments(logits).std - 1)).toBeLessThan(0.05);
  });

  it("hides as many classes as asked for, and those that images do not have", () => {
    const hidden = complete({ classDropout: 0.2 }).labels.filter((label) => label === 5).length;
    expect(Math.abs(hidden / 4000 - 0.2)).toBeLessThan(0.03);
    const objective = flowMatching(options);
    const mixed = { images: new Float32Array(4), labels: Int32Array.of(-1, 4) };
    expect([...objective.complete(mixed, shape, randomStream(1, "n")).labels]).toEqual([5, 4]);
    expect(objective.count(complete({}))).toBe(4000);
  });

  it("refuses a class beyond the model's", () => {
    const beyond = { images: new Float32Array(4), labels: Int32Array.of(0, 5) };
    expect(() => flowMatching(options).complete(beyond, shape, randomStream(1, "n"))).toThrow(ObjectiveError);
  });
});

it.each([
  [0.5, 1, 0.5],
  [0.5, 3, 0.25],
  [0.9, 3, 0.75],
  [0, 3, 0],
  [1, 3, 1],
])("time %f shifted by %f is %f", (t, shift, expected) => {
  expect(shiftedTime(t, shift)).toBeCloseTo(expected, 12);
});

describe("the linear path", () => {
  it("runs from the noise to the data, with the velocity between them", () => {
    const [data, noise] = [Float32Array.of(1, -2), Float32Array.of(3, 5)];
    expect(linearPath.noisyAt(data, noise, 0)).toEqual(noise);
    expect(linearPath.noisyAt(data, noise, 1)).toEqual(data);
    const velocity = data.map((value, i) => value - noise[i]);
    const moved = linearPath.step(linearPath.noisyAt(data, noise, 0.25), velocity, 0.25, 0.75);
    expect(moved).toEqual(linearPath.noisyAt(data, noise, 0.75));
  });

  it("recovers a Gaussian from its exact velocity", () => {
    const [mean, std, steps] = [0.7, 0.3, 400];
    // E[data - noise | x] where x is normal with mean t m and variance (t s)^2 + (1 - t)^2.
    const velocity = (x: Float32Array, t: number) => {
      const slope = (t * std ** 2 - (1 - t)) / ((t * std) ** 2 + (1 - t) ** 2);
      return x.map((value) => mean + slope * (value - t * mean));
    };
    const start = Float32Array.from(ramp(9, 0.4), (value) => value - 2);
    let x: Float32Array = start;
    for (let k = 0; k < steps; k++)
      x = linearPath.step(x, velocity(x, k / steps), k / steps, (k + 1) / steps);
    // Each number keeps its distance from the mean in deviations; Euler's error falls with 1 / steps.
    x.forEach((value, i) => {
      expect(Math.abs(value - (mean + std * start[i]))).toBeLessThan(0.01);
    });
  });
});
