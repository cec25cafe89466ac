import { expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compileDetector } from "../generation/detection/detector-session.js";
import { initialise } from "../nn/parameter.js";
import { denseDetector } from "./dense-detector.js";
import { featurePyramid } from "./feature-pyramid.js";
import { ModelError } from "./shapes.js";

const sizes = { channels: 3, height: 40, width: 56, stemWidth: 4, mapWidth: 8, groups: 2 };
const config = { ...sizes, stageWidths: [4, 8, 8, 8], blocksPerStage: [1, 1, 1, 1] };
const model = denseDetector(featurePyramid(config), { numClasses: 2, towerLayers: 1, groups: 2 });

const fresh = new Map(
  model.parameters.map(({ name, shape, init }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(data, init, randomStream(1, name));
    return [name, { shape, data }];
  }),
);

it("starts out nearly sure that nothing is there, with boxes of about two strides, in images of odd sizes too", async () => {
  const session = await compileDetector(nodeRuntime, model, fresh, { threads: 1, spin: false });
  const pixels = Float32Array.from({ length: 2 * 3 * 40 * 56 }, (_, i) => Math.sin(i * i));
  const maps = await session.maps(pixels);
  const [alone] = await session.maps(pixels.slice(pixels.length / 2));
  await session.release();
  expect(maps.map(({ quality }) => quality.length)).toEqual([35, 35]);
  const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length;
  const probability = 1 / (1 + Math.exp(-mean(maps[0].classes)));
  expect(Math.abs(probability - 0.01)).toBeLessThan(0.003); // weights of 0.01 move a logit by a fifth or so
  expect(Math.abs(mean(maps[0].distances) - 12 * Math.log(2))).toBeLessThan(1);
  // An image's maps are its own; products of other sizes may add in another order.
  for (const [i, value] of alone.distances.entries()) expect(maps[1].distances[i]).toBeCloseTo(value, 4);
});

it("refuses sizes that do not go together", () => {
  expect(() => featurePyramid({ ...config, height: 44 })).toThrow(ModelError);
  expect(() => featurePyramid({ ...config, groups: 3 })).toThrow(ModelError);
  expect(() => featurePyramid({ ...config, blocksPerStage: [1, 1] })).toThrow(
    /4 stageWidths, 2 blocksPerStage/,
  );
  expect(() => featurePyramid({ ...config, stageWidths: [4], blocksPerStage: [1] })).toThrow(ModelError);
});
