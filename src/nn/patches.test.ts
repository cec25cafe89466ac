import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { conv } from "../core/ops/convolution.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { lookUp } from "./parameter.js";
import { channelsAsPatches, patchEmbedding, patchesAsChannels, patchify, unpatchify } from "./patches.js";

const shape = { batch: 2, channels: 3, height: 4, width: 6 };
const images = input<"b c h w">("images", "float32", [2, 3, 4, 6]);
const pixels = ramp(2 * 3 * 4 * 6);

describe("patches", () => {
  it("lie patch first, and in a row channel, then y, then x", async () => {
    const { rows } = await evaluate({ rows: patchify(images, 2) }, { images: pixels });
    const expected: number[] = [];
    for (const top of [0, 2])
      for (const left of [0, 2, 4])
        for (const image of [0, 1])
          for (const channel of [0, 1, 2])
            for (const y of [top, top + 1])
              for (const x of [left, left + 1])
                expected.push(pixels[((image * 3 + channel) * 4 + y) * 6 + x]);
    expect(rows).toEqual(expected);
  });

  it("give the images back", async () => {
    const back = unpatchify(patchify(images, 2), { ...shape, size: 2 });
    expect((await evaluate({ back }, { images: pixels })).back).toEqual(pixels);
  });

  it("of another height than width hold whole columns, and give the images back", async () => {
    const columns = patchify(images, [4, 2]);
    const found = await evaluate(
      { columns, back: unpatchify(columns, { ...shape, size: [4, 2] }) },
      { images: pixels },
    );
    expect(columns.shape).toEqual([6, 24]);
    // The second patch of the first image begins with its third and fourth column.
    expect(found.columns.slice(2 * 24, 2 * 24 + 4)).toEqual([pixels[2], pixels[3], pixels[8], pixels[9]]);
    expect(found.back).toEqual(pixels);
  });

  it("are channels of one position in the same order, and give the images back", async () => {
    const channels = patchesAsChannels(images, 2); // b d rows columns
    const rows = reshape(transpose(channels, [2, 3, 0, 1]), [12, 12]);
    const found = await evaluate(
      { rows, expected: patchify(images, 2), back: channelsAsPatches(channels, 2) },
      { images: pixels },
    );
    expect(found.rows).toEqual(found.expected);
    expect(found.back).toEqual(pixels);
  });

  it("are refused where they do not cover the image", () => {
    expect(() => patchify(images, 4)).toThrow("4 x 6 pixels in patches of 4 x 4");
    expect(() => patchesAsChannels(images, 4)).toThrow("4 x 6 pixels in patches of 4 x 4");
  });

  it("are embedded as a convolution with their stride embeds them", async () => {
    const weight = input("weight", "float32", [5, 3, 2, 2]);
    const bias = input("bias", "float32", [5]);
    const p = lookUp(
      new Map([
        ["proj.weight", weight],
        ["proj.bias", bias],
      ]),
    );
    const convolved = conv(images, weight, { bias, stride: 2 }); // b width rows columns
    const expected = reshape(transpose(convolved, [2, 3, 0, 1]), [12, 5]);
    const feeds = { images: pixels.map(Math.sin), weight: ramp(60).map(Math.cos), bias: ramp(5) };
    const both = await evaluate({ rows: patchEmbedding(p, images, "proj"), expected }, feeds);
    // Twelve float32 products a value, added in another order.
    both.rows.forEach((value, i) => {
      expect(value).toBeCloseTo(both.expected[i], 5);
    });
  });
});
