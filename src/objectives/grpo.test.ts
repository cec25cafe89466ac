import { describe, expect, it } from "vitest";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../core/runtime/session.js";
import { advantagesOf, grpo } from "./grpo.js";

describe("advantages", () => {
  it("are deviations from the mean of the group", () => {
    const found = advantagesOf(Float32Array.of(1, 0, 0, 0, 0.25, 0.75), 2);
    // Half of the difference over itself and 1e-4.
    const [whole, half] = [0.5 / 0.5001, 0.25 / 0.2501];
    for (const [i, value] of [whole, -whole, 0, 0, -half, half].entries()) {
      expect(found[i]).toBeCloseTo(value, 6);
    }
  });

  it("are nothing where all rewards are equal", () => {
    expect([...advantagesOf(Float32Array.of(0.3, 0.3, 0.3), 3)].map(Math.abs)).toEqual([0, 0, 0]);
  });
});

const [answers, time, width, vocab] = [4, 3, 2, 5];
const { loss, batch, count, evaluation } = grpo({ groupSize: 2, maxTokens: 8 });
const shape = { batchSize: 2, contextLength: time };
const values = {
  inputs: Int32Array.of(0, 1, 2, 0, 1, 3, 4, 1, 2, 0, 0, 0),
  targets: Int32Array.of(-100, 2, 4, -100, 3, -100, 1, 2, 0, -100, -100, -100),
  advantages: Float32Array.of(1, -1, 0.5, 0),
  rewards: Float32Array.of(1, 0, 0.5, 0),
  counted: Float32Array.of(1, 1, 1, 0),
};
const hidden = Float32Array.from({ length: time * answers * width }, (_, i) => Math.sin(i));
const head = Float32Array.from({ length: vocab * width }, (_, i) => Math.cos(3 * i));

/** -log p of each target, of row `row`. */
function surprises(row: number): number[] {
  return [...values.targets.subarray(row * time, (row + 1) * time)].flatMap((target, t) => {
    if (target < 0) return [];
    const h = hidden.subarray((t * answers + row) * width, (t * answers + row + 1) * width);
    const logits = Array.from({ length: vocab }, (_, v) => h[0] * head[2 * v] + h[1] * head[2 * v + 1]);
    return [Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0)) - logits[target]];
  });
}

it("the loss is the surprise of answers times their advantages, a mean over answers and by one length for all", async () => {
  const types = batch(shape);
  const tensors = Object.fromEntries(
    Object.entries(types).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const rows = input<"n c">("rows", "float32", [time * answers, width]);
  const measured = loss(() => rows, input<"v c">("head", "float32", [vocab, width]), tensors);
  const session = await compile(nodeRuntime, {
    loss: measured.loss,
    reward: measured.metrics!.reward,
    gradient: grad(measured.loss, [rows])[0],
  });
  const found = await session.run({
    inputs: int64Tensor(values.inputs, [answers, time]),
    targets: int64Tensor(values.targets, [answers, time]),
    advantages: hostTensor("float32", [answers], values.advantages),
    rewards: hostTensor("float32", [answers], values.rewards),
    counted: hostTensor("float32", [answers], values.counted),
    rows: hostTensor("float32", [time * answers, width], hidden),
    head: hostTensor("float32", [vocab, width], head),
  });
  const expected = [0, 1, 2, 3].reduce(
    (sum, row) => sum + values.advantages[row] * surprises(row).reduce((a, b) => a + b, 0),
    0,
  );
  expect((found.loss.data as Float32Array)[0]).toBeCloseTo(expected / 3 / 8, 6);
  expect((found.reward.data as Float32Array)[0]).toBeCloseTo(0.5, 6);
  expect(count(values)).toBe(3);
  // Nothing is learned of what is no target, nor of an answer that is as good as the others.
  const learned = Array.from({ length: time * answers }, (_, i) =>
    (found.gradient.data as Float32Array).subarray(i * width, (i + 1) * width).some((x) => x !== 0),
  );
  expect(learned.map(Number)).toEqual([0, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0]);
  await session.release();
});

it("what is evaluated is how much reward is missing", async () => {
  const rewards = input("rewards", "float32", [answers]);
  const counted = input("counted", "float32", [answers]);
  const unused = () => {
    throw new Error("rewards are measured without the model");
  };
  const measured = evaluation!.loss(unused, rewards as never, { rewards, counted });
  const session = await compile(nodeRuntime, { loss: measured.loss });
  const found = await session.run({
    rewards: hostTensor("float32", [answers], values.rewards),
    counted: hostTensor("float32", [answers], values.counted),
  });
  expect((found.loss.data as Float32Array)[0]).toBeCloseTo(0.5, 6);
  expect(Object.keys(evaluation!.batch!(shape))).toEqual(["rewards", "counted"]);
  await session.release();
});
