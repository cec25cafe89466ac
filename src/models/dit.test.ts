import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { constant, input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { initialise, lookUp } from "../nn/parameter.js";
import { flowMatching } from "../objectives/flow-matching.js";
import { imageTask } from "../objectives/task.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { compileOptimizer } from "../optim/update.js";
import { compileLoss } from "../training/step.js";
import { type DitConfig, dit } from "./dit.js";

const config: DitConfig = {
  ...{ channels: 1, height: 4, width: 4, patchSize: 2 },
  ...{ embedWidth: 16, numLayers: 2, numHeads: 2, numClasses: 3 },
};
const x = input<"b c h w">("x", "float32", [2, 1, 4, 4]);
const time = input<"b">("time", "float32", [2]);
const labels = input<"b">("labels", "int64", [2]);
const feeds = { x: ramp(32).map(Math.sin), time: [0.25, 0.5], labels: [0, 3] };

/** Fresh weights as constants, changed where `change` says so. */
function fresh(model: ReturnType<typeof dit>, change: (name: string, values: Float32Array) => void) {
  const weights = model.parameters.map(({ name, shape, init }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b));
    initialise(values, init, randomStream(1, name));
    change(name, values);
    return [name, constant(values, shape)] as const;
  });
  return lookUp(new Map(weights));
}

const randomly = (name: string, values: Float32Array) =>
  initialise(values, { kind: "normal", std: 0.3 }, randomStream(2, name));

describe("a fresh DiT", () => {
  it("predicts zero everywhere", async () => {
    const model = dit(config);
    const { y } = await evaluate(
      {
        y: model.predict(
          fresh(model, () => {}),
          x,
          time,
          labels,
        ),
      },
      feeds,
    );
    expect(y).toEqual(Array(32).fill(0));
  });

  it("has blocks that pass their input on: with zero gates, two layers are none", async () => {
    const change = (name: string, values: Float32Array) => {
      if (name.startsWith("final_layer")) randomly(name, values);
    };
    const [deep, none] = [dit(config), dit({ ...config, numLayers: 0 })];
    const [p, q] = [fresh(deep, change), fresh(none, change)];
    const outputs = { deep: deep.predict(p, x, time, labels), none: none.predict(q, x, time, labels) };
    const results = await evaluate(outputs, feeds);
    expect(Math.max(...results.none.map(Math.abs))).toBeGreaterThan(0.1);
    expect(results.deep).toEqual(results.none);
  });
});

it("tells patches, times and classes apart", async () => {
  const model = dit(config);
  const p = fresh(model, randomly);
  const same = { x: Array(32).fill(0.3), time: [0.5, 0.5], labels: [1, 1] };
  const outputs = { y: model.predict(p, x, time, labels) };
  const { y } = await evaluate(outputs, same);
  expect(y.slice(0, 16)).toEqual(y.slice(16));
  expect(new Set(y.slice(0, 16)).size).toBe(16);
  for (const other of [{ time: [0.5, 0.6] }, { labels: [1, 2] }]) {
    const changed = (await evaluate(outputs, { ...same, ...other })).y;
    expect(changed.slice(0, 16)).toEqual(y.slice(0, 16));
    expect(Math.max(...changed.slice(16).map((v, i) => Math.abs(v - y[i])))).toBeGreaterThan(1e-3);
  }
});

describe("a DiT with speakers", () => {
  const model = dit({ ...config, patchSize: [4, 2], numClasses: 2, numSpeakers: 1 });

  it("has a label for each pair of class and speaker, the last of which is none of either", () => {
    expect(model.numClasses).toBe(3 * 2 - 1);
    expect(model.config()).toMatchObject({ patch_size: [4, 2], num_classes: 2, num_speakers: 1 });
    expect(dit(config).config()).not.toHaveProperty("num_speakers");
  });

  it("adds what a class and a speaker are", async () => {
    const p = fresh(model, randomly);
    const all = input<"b">("labels", "int64", [6]);
    const many = input<"b c h w">("x", "float32", [6, 1, 4, 4]);
    const times = input<"b">("time", "float32", [6]);
    const one = Array.from({ length: 16 }, (_, i) => Math.sin(i));
    const predict = async (labels: number[]) => {
      const feeds = { x: labels.flatMap(() => one), time: labels.map(() => 0.5), labels };
      const { y } = await evaluate({ y: model.predict(p, many, times, all) }, feeds);
      return labels.map((_, i) => y.slice(i * 16, (i + 1) * 16));
    };
    const fields = await predict([0, 1, 2, 3, 4, 5]);
    expect(new Set(fields.map((field) => field.map((v) => v.toFixed(4)).join())).size).toBe(6);
    // The speaker's row alone tells labels 0 and 1 apart.
    const silent = fresh(model, (name, values) =>
      name.startsWith("speaker_embedder") ? values.fill(0) : randomly(name, values),
    );
    const { y } = await evaluate(
      { y: model.predict(silent, many, times, all) },
      { x: fields.flatMap(() => one), time: Array(6).fill(0.5), labels: [0, 1, 2, 3, 4, 5] },
    );
    // float32 rows of one batch, computed alike
    y.slice(0, 16).forEach((value, i) => {
      expect(value).toBeCloseTo(y[16 + i], 5);
    });
  });
});

it("passes no gradient between images", async () => {
  const model = dit(config);
  const y = model.predict(fresh(model, randomly), x, time, labels);
  const first = constant(
    ramp(32).map((i) => (i <= 16 ? 1 : 0)),
    [2, 1, 4, 4],
  );
  const [dx] = grad(sum(mul(mul(y, y), first)), [x]);
  const result = await evaluate({ dx }, feeds);
  expect(Math.max(...result.dx.slice(0, 16).map(Math.abs))).toBeGreaterThan(1e-3);
  expect(result.dx.slice(16)).toEqual(Array(16).fill(0));
});

it.each([
  [{ patchSize: 3 }, "patchSize does not divide height"],
  [{ numHeads: 3 }, "numHeads does not divide embedWidth"],
  [{ embedWidth: 6 }, "multiple of"],
])("refuses %o", (change, message) => {
  expect(() => dit({ ...config, ...change })).toThrow(message);
});

it("learns the velocities of one batch by heart", async () => {
  const model = dit({ ...config, embedWidth: 32 });
  const shape = { ...config, batchSize: 4 };
  const objective = flowMatching({ time: "uniform", classDropout: 0, numClasses: 3 });
  const optimizer = adamw({ lr: 5e-3 });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  for (const { parameter, offset, size } of layout.slots) {
    const stream = randomStream(1, parameter.name);
    initialise(state.parameters.subarray(offset, offset + size), parameter.init, stream);
  }
  const images = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
  const data = { images, labels: Int32Array.of(0, 1, 2, -1) };
  const batch = objective.complete(data, shape, randomStream(1, "batch"));
  const task = imageTask(model, shape, objective);
  const loss = await compileLoss(nodeRuntime, task, layout, state, { session: { threads: 1, spin: false } });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const losses: number[] = [];
  for (let step = 1; step <= 150; step++) {
    losses.push((await loss.run(batch)).loss);
    await update.step({ step, gradientScale: 1 }, 1);
  }
  await loss.release();
  expect(losses[0]).toBeGreaterThan(1); // noise has variance 1, the data some
  expect(losses.at(-1)).toBeLessThan(0.02);
});
