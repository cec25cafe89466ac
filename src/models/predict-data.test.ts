import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { lookUp } from "../nn/parameter.js";
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
