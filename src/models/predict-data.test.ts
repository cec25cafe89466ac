import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { lookUp } from "../nn/parameter.js";
import { flowMatching } from "../objectives/flow-matching.js";
import { imageTask } from "../objectives/task.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { compileOptimizer } from "../optim/update.js";
import { compileLoss } from "../training/step.js";
import { initialiseAll } from "../training/weights.js";
import { dit } from "./dit.js";
import { predictData } from "./predict-data.js";

const network = {
  ...dit({
    channels: 1,
    height: 2,
    width: 2,
    patchSize: 2,
    embedWidth: 8,
    numLayers: 1,
    numHeads: 1,
    numClasses: 0,
  }),
  predict: (_p: unknown, x: ReturnType<typeof input<"b c h w">>) => mul(x, 3) as typeof x,
};

it("turns data into a velocity, over at least 0.05 of the time", async () => {
  const x = input<"b c h w">("x", "float32", [3, 1, 1, 1]);
  const time = input<"b">("time", "float32", [3]);
  const labels = input<"b">("labels", "int64", [3]);
  const velocity = predictData(network).predict(lookUp(new Map()), x, time, labels);
  const { y } = await evaluate({ y: velocity }, { x: [1, 2, -1], time: [0, 0.5, 0.99], labels: [0, 0, 0] });
  // (3 x - x) / (1 - t)
  expect(y).toEqual([2, 8, expect.closeTo(-40, 4)]);
});

it("learns one batch by heart through a network narrower than its tokens", async () => {
  const shape = { batchSize: 4, channels: 1, height: 8, width: 4 };
  const sizes = { patchSize: [8, 2] as const, embedWidth: 12, numLayers: 1, numHeads: 2, numClasses: 4 };
  const model = predictData(dit({ ...shape, ...sizes }));
  const objective = flowMatching({ time: "uniform", classDropout: 0, numClasses: 4 });
  const optimizer = adamw({ lr: 1e-2, weightDecay: 0 });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  initialiseAll(layout, state.parameters, 1);
  const images = Float32Array.from({ length: 4 * 32 }, (_, i) => Math.sin(i * i));
  const batch = objective.complete(
    { images, labels: Int32Array.of(0, 1, 2, 3) },
    shape,
    randomStream(1, "batch"),
  );
  const session = { threads: 1, spin: false };
  const loss = await compileLoss(nodeRuntime, imageTask(model, shape, objective), layout, state, { session });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const losses: number[] = [];
  for (let step = 1; step <= 200; step++) {
    losses.push((await loss.run(batch)).loss);
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    await update.step({ step, gradientScale }, Math.min(1, step / 10));
  }
  await loss.release();
  expect(losses[0]).toBeGreaterThan(0.5); // a network that says zero
  expect(losses.at(-1)).toBeLessThan(0.05);
});
