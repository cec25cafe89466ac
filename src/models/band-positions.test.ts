import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { mean } from "../core/ops/reduce.js";
import { slice } from "../core/ops/slice.js";
import { lookUp } from "../nn/parameter.js";
import { withBandPositions } from "./band-positions.js";
import { resnet } from "./resnet.js";

it("gives rows their height, so that what is high and what is low differ", async () => {
  const base = resnet({ channels: 2, height: 3, width: 2, baseWidth: 4, blocksPerStage: [1], groups: 2 });
  const encoder = withBandPositions({
    ...base,
    features: (_p, images) =>
      mean(mul(slice(images, 1, 0, 1), slice(images, 1, 1, 2)), [2, 3]) as Tensor<"b c">,
  });
  expect(encoder.channels).toBe(1);
  const images = input<"b c h w">("images", "float32", [2, 1, 3, 2]);
  const y = encoder.features(lookUp(new Map()), images);
  const found = await evaluate({ y }, { images: [6, 6, 0, 0, 0, 0, 0, 0, 0, 0, 6, 6] });
  expect(found.y).toEqual([-2, 2]);
});
