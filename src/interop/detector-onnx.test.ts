import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { randomDetector } from "../../test/random-detector.js";
import { constant } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { hostTensor } from "../core/runtime/session.js";
import type { Detection } from "../data/detection/boxes.js";
import { memoryFolder } from "../files/memory.js";
import { type CellMaps, type DecodeOptions, decodeMaps } from "../generation/detection/decode.js";
import { compileDetector } from "../generation/detection/detector-session.js";
import { type Detector, detectorStride } from "../models/detector.js";
import { detectionGraph } from "./detector-onnx.js";
import { readJson } from "./folder-files.js";
import { openImageModel } from "./image-folder.js";
import { exportImageOnnx } from "./image-onnx.js";

const options = { threads: 1, spin: false };

/** What a client makes of the outputs: a softmax a row, of which the last class is none. */
function readBoxes(
  logits: ArrayLike<number>,
  boxes: ArrayLike<number>,
  { numClasses, height, width }: Detector,
) {
  const columns = numClasses + 20;
  return Array.from({ length: logits.length / columns }, (_, row): Detection | undefined => {
    const line = Array.from({ length: columns }, (_, i) => logits[row * columns + i]);
    const most = Math.max(...line);
    const label = line.indexOf(most);
    if (label === columns - 1) return undefined;
    const score = 1 / line.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    const [x, y, w, h] = [0, 1, 2, 3].map((i) => boxes[4 * row + i] * (i % 2 === 0 ? width : height));
    const edges = { left: x - w / 2, top: y - h / 2, right: x + w / 2, bottom: y + h / 2 };
    return { ...edges, label, score };
  }).filter((box) => box !== undefined);
}

/** Equal up to float32's rounding of pixels and of a score that went through a logarithm. */
function expectSame(found: readonly Detection[], expected: readonly Detection[]): void {
  expect(found.map(({ label }) => label)).toEqual(expected.map(({ label }) => label));
  for (const [i, box] of found.entries()) {
    const { score, ...edges } = expected[i];
    expect(Math.abs(box.score - score), `score of box ${i}`).toBeLessThan(2e-6);
    for (const side of ["left", "top", "right", "bottom"] as const) {
      expect(Math.abs(box[side] - edges[side]), `${side} of box ${i}`).toBeLessThan(1e-4);
    }
  }
}

/** What the exported and our own detector find in pictures of noise, and how many boxes that is. */
async function bothFind(
  detector: ReturnType<typeof randomDetector>,
  decode: DecodeOptions = {},
): Promise<number[]> {
  const { model, weights } = detector;
  const folder = memoryFolder();
  const classes = Array.from({ length: model.numClasses }, (_, i) => `class ${i}`);
  const notes = { classes, objective: {}, generation: { ...decode } };
  await exportImageOnnx(folder, { kind: "detector", model, weights, ...notes });
  const bytes = new Uint8Array(await folder.read("onnx/model.onnx"));
  const exported = await nodeRuntime.load(bytes, ["logits", "pred_boxes"], options);
  const session = await compileDetector(nodeRuntime, model, weights, options);
  const { channels, height, width } = model;
  const counts: number[] = [];
  for (let i = 0; i < 3; i++) {
    const stream = randomStream(i, "picture");
    const picture = Float32Array.from({ length: channels * height * width }, () => stream.normal());
    const [maps] = await session.maps(picture);
    const expected = decodeMaps(maps, { height, width, stride: detectorStride }, decode);
    const feed = hostTensor("float32", [1, channels, height, width], picture);
    const { logits, pred_boxes } = await exported.run({ pixel_values: feed });
    expect([logits.shape, pred_boxes.shape].map((shape) => [...shape])).toEqual([
      [1, 100, model.numClasses + 20],
      [1, 100, 4],
    ]);
    expectSame(readBoxes(logits.data as Float32Array, pred_boxes.data as Float32Array, model), expected);
    counts.push(expected.length);
  }
  await Promise.all([session.release(), exported.release()]);
  return counts;
}

describe("an exported detector", () => {
  it("finds what ours finds, a hundred boxes at most", async () => {
    expect(await bothFind(randomDetector())).toEqual([100, 100, 100]);
    const [some] = await bothFind(randomDetector({ bias: -7 }));
    expect(some).toBeGreaterThan(3);
    expect(some).toBeLessThan(97);
  });

  it("finds nothing where there is nothing", async () => {
    expect(await bothFind(randomDetector({ bias: -20 }))).toEqual([0, 0, 0]);
  });

  it("over a transformer and of one class lets boxes go from the overlap on that its folder says", async () => {
    const detector = randomDetector({ over: "transformer", numClasses: 1 });
    const [few] = await bothFind(detector, { overlap: 0.2 });
    const [many] = await bothFind(detector, { overlap: 0.8 });
    expect(few).toBeGreaterThan(3);
    expect(many).toBeGreaterThan(few);
  });

  it("is a YOLOS to clients and opens here again", async () => {
    const folder = memoryFolder();
    const { model, weights } = randomDetector();
    const notes = { classes: ["ant", "bee", "cow"], objective: {}, generation: {} };
    await exportImageOnnx(folder, { kind: "detector", model, weights, ...notes });
    expect(await readJson(folder, "config.json")).toMatchObject({
      model_type: "yolos",
      id2label: { 0: "ant", 1: "bee", 2: "cow" },
      "transformers.js_config": { dtype: "fp32" },
    });
    const opened = await openImageModel(folder);
    expect([opened.kind, opened.model.config()]).toEqual(["detector", model.config()]);
  });
});

describe("the boxes in the graph", () => {
  const size = { height: 8, width: 16 };

  /** Of two cells side by side, by the graph and by `decodeMaps`, which must agree. */
  async function boxesOf({
    classes,
    distances,
    quality,
  }: Record<keyof CellMaps, number[]>): Promise<Detection[]> {
    const map = (values: number[]) => constant<"b c h w">(values, [1, values.length / 2, 1, 2]);
    const model: Detector = {
      ...{ ...size, channels: 1, numClasses: classes.length / 2, parameters: [], config: () => ({}) },
      encoder: randomDetector().model.encoder,
      maps: () => ({ classes: map(classes), distances: map(distances), quality: map(quality) }),
    };
    const { logits, pred_boxes } = await evaluate(detectionGraph(model, 0.5));
    const found = readBoxes(logits, pred_boxes, model);
    const maps = {
      classes: Float32Array.from(classes),
      distances: Float32Array.from(distances),
      quality: Float32Array.from(quality),
    };
    expectSame(found, decodeMaps(maps, { ...size, stride: detectorStride }));
    return found;
  }

  it("are one where half is shared", async () => {
    const sure = { classes: [1, 2], quality: [3, 3] };
    const half = [4, 8, 4, 4, 8, 4, 4, 4]; // from 0 to 12 and from 4 to 16: 8 of 16 columns
    expect(await boxesOf({ ...sure, distances: half })).toHaveLength(1);
    expect(await boxesOf({ ...sure, distances: half.with(4, 7.99) })).toHaveLength(2);
    expect(await boxesOf({ ...sure, classes: [1, -9, -9, 2], distances: half })).toHaveLength(2);
  });

  it("end at the picture's borders", async () => {
    const distances = Array<number>(8).fill(40);
    const [box] = await boxesOf({ classes: [1, 0], quality: [0, 0], distances });
    expect(box).toMatchObject({ left: 0, top: 0, right: 16, bottom: 8 });
  });

  it("are none where nothing is sure enough, of an area, or a number", async () => {
    const distances = Array<number>(8).fill(2);
    const sure = { classes: [4, 4], quality: [4, 4], distances };
    expect(await boxesOf(sure)).toHaveLength(2);
    expect(await boxesOf({ ...sure, classes: [-12, 4] })).toHaveLength(1);
    expect(await boxesOf({ ...sure, quality: [Number.NaN, Number.NaN] })).toEqual([]);
    expect(await boxesOf({ ...sure, distances: distances.with(0, 0).with(4, 0) })).toHaveLength(1);
  });
});
