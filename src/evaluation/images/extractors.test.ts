import { describe, expect, it } from "vitest";
import { input, type Tensor } from "../../core/graph/tensor.js";
import { lower } from "../../core/onnx/lower.js";
import { mul } from "../../core/ops/elementwise.js";
import { sum } from "../../core/ops/movement.js";
import { mean } from "../../core/ops/reduce.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import type { ImageEncoder } from "../../models/image-model.js";
import { filled } from "../../nn/parameter.js";
import { EvaluationError } from "../errors.js";
import { openEncoderFeatures } from "./encoder-features.js";
import { featuresOf } from "./features.js";
import { openOnnxFeatures } from "./onnx-features.js";
import { resizeBilinear } from "./resize.js";

const quiet = { threads: 1, spin: false };

describe("features of a model of ours", () => {
  /** The mean of each channel times a weight. */
  const encoder: ImageEncoder = {
    channels: 2,
    height: 1,
    width: 2,
    featureWidth: 2,
    parameters: [{ name: "scale", shape: [2], role: "vector", init: filled(1) }],
    features: (p, images) => mul(mean(images, [2, 3]), p("scale")) as Tensor<"b c">,
    config: () => ({ model_type: "autodidact_means" }),
  };
  const weights = new Map([["scale", { shape: [2], data: Float32Array.of(1, 10) }]]);

  it("come from batches of any size, under the name of their source", async () => {
    const extractor = await openEncoderFeatures(nodeRuntime, encoder, weights, {
      source: "runs/x",
      ...quiet,
    });
    async function* batches() {
      yield Float32Array.of(0, 1, 1, 0, 1, 1, 0, 0);
      yield Float32Array.of(-1, -1, 0.5, 0.5);
    }
    expect(await featuresOf(extractor, batches())).toEqual({
      name: "features of runs/x (means)",
      data: Float32Array.of(0.5, 5, 1, 0, -1, 5),
      n: 3,
      d: 2,
    });
    await expect(featuresOf(extractor, [])).rejects.toThrow(EvaluationError);
    await extractor.release();
  });
});

describe("features of an ONNX file", () => {
  const shape = { channels: 3, height: 2, width: 2 };
  /** Two images: channels of 0.1, 0.2 and 0.3, and the same negative. */
  const images = Float32Array.from(
    { length: 24 },
    (_, i) => (i < 12 ? 0.1 : -0.1) * (Math.floor((i % 12) / 4) + 1),
  );

  /** A network of the mean and, as second output, the sum of each channel. */
  function network(dims: (number | string)[], axes: number[]): Uint8Array<ArrayBuffer> {
    const x = input("pixels", "float32", dims);
    return lower({ mean: mean(x, axes), total: sum(x, axes) }).bytes();
  }

  const rounded = (data: Float32Array) => Array.from(data, (v) => Math.round(v * 1e5) / 1e5);

  it.each([
    ["channels first", ["n", 3, 4, 4], [2, 3]],
    ["channels last", ["n", 4, 4, 3], [1, 2]],
    ["a fixed number of images", [5, 3, 4, 4], [2, 3]],
    ["one image at once", [1, 4, 4, 3], [1, 2]],
  ])("are of images as it takes them: %s", async (_, dims, axes) => {
    const options = { source: "net.onnx", shape, ...quiet };
    const extractor = await openOnnxFeatures(nodeRuntime, network(dims, axes), options);
    const { name, data, n, d } = await featuresOf(extractor, [images, images.subarray(12)]);
    expect([name, n, d]).toEqual(["features of net.onnx (ONNX, output mean)", 3, 3]);
    expect(rounded(data)).toEqual([0.1, 0.2, 0.3, -0.1, -0.2, -0.3, -0.1, -0.2, -0.3]);
    await extractor.release();
  });

  it("may be another output, of values of another range", async () => {
    const extractor = await openOnnxFeatures(nodeRuntime, network(["n", 3, 2, 2], [2, 3]), {
      source: "net.onnx",
      shape,
      output: "total",
      normalise: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.25, 0.1] },
      ...quiet,
    });
    const { data } = await extractor.extract(images.subarray(0, 12));
    // 0.1 is 0.55 of 0 to 1, which is 0.05 / 0.5 = 0.1, times 4 pixels.
    expect(rounded(data)).toEqual([0.4, 1.6, 6]);
    await extractor.release();
  });

  it("see grey images as three equal channels", async () => {
    const grey = { channels: 1, height: 1, width: 1 };
    const options = { source: "net.onnx", shape: grey, ...quiet };
    const extractor = await openOnnxFeatures(nodeRuntime, network(["n", 3, 2, 3], [2, 3]), options);
    expect(rounded((await extractor.extract(Float32Array.of(0.5, -1))).data)).toEqual([
      0.5, 0.5, 0.5, -1, -1, -1,
    ]);
    await extractor.release();
  });

  it("need a size where the file leaves it open", async () => {
    const open = network(["n", 3, "h", "w"], [2, 3]);
    const options = { source: "net.onnx", shape, ...quiet };
    await expect(openOnnxFeatures(nodeRuntime, open, options)).rejects.toThrow(/pixels \[\?,3,\?,\?\]/);
    const extractor = await openOnnxFeatures(nodeRuntime, open, { ...options, output: "total", size: 3 });
    expect(rounded((await extractor.extract(images.subarray(0, 12))).data)).toEqual([0.9, 1.8, 2.7]);
    await extractor.release();
  });

  it.each([
    ["bytes that are no model", Uint8Array.of(1, 2, 3), {}, /not an ONNX model/],
    ["an empty file", new Uint8Array(), {}, /0 bytes/],
    ["a network of vectors", network(["n", 3], [1]), {}, /pixels \[\?,3\]/],
    ["an unknown output", network(["n", 3, 2, 2], [2, 3]), { output: "logits" }, /which has mean, total/],
  ])("are not those of %s", async (_, bytes, more, message) => {
    const opening = openOnnxFeatures(nodeRuntime, bytes, { source: "net.onnx", shape, ...more });
    await expect(opening).rejects.toThrow(EvaluationError);
    await expect(opening).rejects.toThrow(message);
  });
});

describe("resizing", () => {
  it("is bilinear between the centres of pixels", () => {
    // torch.nn.functional.interpolate([[0, 1], [2, 4]], size=(3, 4), mode="bilinear", align_corners=False)
    const larger = resizeBilinear(
      Float32Array.of(0, 1, 2, 4),
      { height: 2, width: 2 },
      { height: 3, width: 4 },
    );
    expect([...larger]).toEqual([0, 0.25, 0.75, 1, 1, 1.375, 2.125, 2.5, 2, 2.5, 3.5, 4]);
  });

  it("goes down without smoothing", () => {
    const row = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    expect([...resizeBilinear(row, { height: 1, width: 8 }, { height: 1, width: 2 })]).toEqual([1.5, 5.5]);
  });
});
