import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { constant } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { maskedAutoencoder } from "../models/mae.js";
import { lookUp } from "../nn/parameter.js";
import { drawMasks, maskedPatches, maskedPatchesLoss } from "./masked-patches.js";

const shape = { batchSize: 3, channels: 1, height: 8, width: 8 };
const images = { images: new Float32Array(3 * 64), labels: new Int32Array(3) };

describe("drawMasks", () => {
  const [batchSize, count, numVisible] = [50, 9, 4];
  const { visible, places } = drawMasks(batchSize, count, numVisible, randomStream(1, "mask", 7));
  const rows = (values: Int32Array, width: number) =>
    Array.from({ length: batchSize }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);

  it("places every patch once, and the visible ones first in their order", () => {
    rows(places, count).forEach((row, image) => {
      expect(row.toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
      const patches = visible.subarray(image * numVisible, (image + 1) * numVisible);
      expect([...patches].map((patch) => row[patch])).toEqual([...Array(numVisible).keys()]);
    });
  });

  it("hides each patch equally often, and gives a stream the same masks again", () => {
    const seen = Array(count).fill(0);
    for (const patch of drawMasks(4500, count, numVisible, randomStream(2, "mask")).visible) seen[patch]++;
    // Of 4500 draws with probability 4/9: 2000 expected, deviation 33; five deviations.
    for (const times of seen) expect(Math.abs(times - 2000)).toBeLessThan(167);
    expect(drawMasks(batchSize, count, numVisible, randomStream(1, "mask", 7))).toEqual({ visible, places });
  });
});

describe("maskedPatches", () => {
  it("counts errors in hidden patches alone", async () => {
    const pixels = constant([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 4]); // two patches: 1 2 5 6 and 3 4 7 8
    const predicted = constant([9, 9, 9, 9, 3, 4, 7, 6], [1, 2, 4]);
    const places = constant([0, 1], [1, 2], "int64");
    const loss = maskedPatchesLoss(predicted, pixels, places, { patchSize: 2, normalisePixels: false }, 1);
    expect((await evaluate({ loss })).loss).toEqual([1]); // (8 - 6)^2 / 4
  });

  it("does not see brightness and contrast of a patch when pixels are normalised", async () => {
    const predicted = constant([0.5, -1, 0.25, 1], [1, 1, 4]);
    const places = constant([1], [1, 1], "int64");
    const lossOf = (scale: number, shift: number) => {
      const pixels = constant(
        [1, -2, 0.5, 3].map((x) => scale * x + shift),
        [1, 1, 2, 2],
      );
      return maskedPatchesLoss(predicted, pixels, places, { patchSize: 2 }, 1);
    };
    const { a, b, flat } = await evaluate({ a: lossOf(1, 0), b: lossOf(0.25, -0.5), flat: lossOf(0, 1) });
    expect(b[0]).toBeCloseTo(a[0], 4); // the 1e-6 beside the variance
    expect(flat[0]).toBeCloseTo((0.25 + 1 + 0.0625 + 1) / 4, 6); // a patch of one colour is all zeros
  });

  it("draws shapes that it announces, the same for the same stream", () => {
    const objective = maskedPatches({ patchSize: 2 });
    const draw = (step: number) => objective.complete(images, shape, randomStream(1, "mask", step));
    for (const [name, type] of Object.entries(objective.batch(shape))) {
      const size = (type.shape as number[]).reduce((a, b) => a * b, 1);
      expect(draw(0)[name], name).toHaveLength(size);
    }
    expect(objective.batch(shape).visible.shape).toEqual([3, 4]);
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3).visible).not.toEqual(draw(4).visible);
    expect(objective.count(draw(0))).toBe(3);
  });

  it("refuses masks of nothing or everything, and a model with other patches", () => {
    expect(() => maskedPatches({ patchSize: 2, maskRatio: 0.99 }).batch(shape)).toThrow("0 of 16 patches");
    expect(() => maskedPatches({ patchSize: 2, maskRatio: 0 }).batch(shape)).toThrow("16 of 16 patches");
    const model = maskedAutoencoder({
      ...{ ...shape, patchSize: 4, embedWidth: 8, numLayers: 1, numHeads: 1, mlpWidth: 8 },
      ...{ decoderWidth: 4, decoderLayers: 1, decoderHeads: 1 },
    });
    const loss = () => maskedPatches({ patchSize: 2 }).loss(model, lookUp(new Map()), {});
    expect(loss).toThrow("sides of 4 and 2 pixels");
  });
});
