import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { initialise, lookUp } from "../nn/parameter.js";
import { denseDetector } from "./dense-detector.js";
import { ModelError } from "./shapes.js";
import { vitCells } from "./vit-cells.js";

const sizes = { channels: 1, height: 16, width: 32, patchSize: 16 };
const config = { ...sizes, embedWidth: 8, numLayers: 1, numHeads: 2, mlpWidth: 16, mapWidth: 2 };
const model = vitCells(config);

/** Maps of images of noise, over weights that are drawn, or as `given` says. */
async function mapOf(images: number[], given: Record<string, number[]> = {}) {
  const weights = model.parameters.map(({ name, shape, init }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(values, init, randomStream(1, name));
    return { name, shape, values: given[name] ?? [...values] };
  });
  const p = lookUp(new Map(weights.map(({ name, shape }) => [name, input(name, "float32", shape)])));
  const map = model.map(p, input("images", "float32", ["b", 1, 16, 32]));
  const feeds = Object.fromEntries(weights.map(({ name, values }) => [name, values]));
  const shape = [images.length / 512, 1, 16, 32];
  return (await evaluate({ map }, { ...feeds, images: { shape, values: images } })).map;
}

const noise = Array.from({ length: 2 * 512 }, (_, i) => Math.sin(i * i));

it("cuts a patch into its cells, row by row", async () => {
  const bias = Array.from({ length: 8 }, (_, i) => i); // [channel, y, x]
  const flat = await mapOf(noise.slice(512), {
    "projector.weight": Array<number>(64).fill(0),
    "projector.bias": bias,
  });
  const channels = [
    [0, 1, 0, 1, 2, 3, 2, 3],
    [4, 5, 4, 5, 6, 7, 6, 7],
  ];
  expect(flat).toEqual(channels.flat());
});

it("gives an image the same map in a batch of any size", async () => {
  const both = await mapOf(noise);
  const second = await mapOf(noise.slice(512));
  // Products of other sizes may add in another order.
  for (const [i, value] of second.entries()) expect(both[16 + i]).toBeCloseTo(value, 5);
  expect(new Set(second.map((value) => value.toFixed(6))).size).toBe(16);
});

it("stands below a head as a convolutional network does, and keeps the transformer's names", () => {
  const detector = denseDetector(model, { numClasses: 3, towerLayers: 1, groups: 2 });
  const p = lookUp(
    new Map(detector.parameters.map(({ name, shape }) => [name, input(name, "float32", shape)])),
  );
  const { classes, distances, quality } = detector.maps(p, input("images", "float32", ["b", 1, 16, 32]));
  expect([classes, distances, quality].map(({ shape }) => shape)).toEqual([
    ["b", 3, 2, 4],
    ["b", 4, 2, 4],
    ["b", 1, 2, 4],
  ]);
  expect(detector.config().backbone_config).toMatchObject({ patch_size: 16, map_width: 2 });
  expect(model.parameters[0].name).toBe("vit.embeddings.cls_token");
});

it("refuses patches that cells do not fill, and groups that do not divide the map", () => {
  expect(() => vitCells({ ...config, patchSize: 4 })).toThrow(ModelError);
  expect(() => denseDetector(model, { numClasses: 1, towerLayers: 1, groups: 4 })).toThrow(ModelError);
});
