import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { initialise, lookUp } from "../nn/parameter.js";
import { maskedAutoencoder } from "./mae.js";
import { sinePositions } from "./sine-positions.js";
import { vit } from "./vit.js";

const config = {
  ...{ channels: 1, height: 4, width: 8, patchSize: 2 },
  ...{ embedWidth: 8, numLayers: 1, numHeads: 2, mlpWidth: 16 },
  ...{ decoderWidth: 4, decoderLayers: 1, decoderHeads: 1 },
};
const model = maskedAutoencoder(config);
const weights = model.parameters.map(({ name, shape, init }) => {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  initialise(values, init, randomStream(3, name));
  return { name, shape, values: [...values] };
});
const symbols = new Map<string, Tensor>(
  weights.map(({ name, shape }) => [name, input(name, "float32", shape)]),
);
const visible = [0, 5, 7, 2];
const places = [0, 2, 3, 4, 5, 1, 6, 7, 2, 3, 1, 4, 5, 6, 7, 0];
const images = input<"b c h w">("images", "float32", [2, 1, 4, 8]);
const predicted = model.predict(
  lookUp(symbols),
  images,
  input("visible", "int64", [2, 2]),
  input("places", "int64", [2, 8]),
);
const feeds = (pixels: number[]) => ({
  ...Object.fromEntries(weights.map(({ name, values }) => [name, values])),
  ...{ images: pixels, visible, places },
});
const pixels = Array.from({ length: 2 * 32 }, (_, i) => Math.sin(7 * i));

/** The patch of a pixel of an image of 4 x 8. */
const patchOf = (i: number) => Math.floor((i % 32) / 16) * 4 + Math.floor((i % 8) / 2);
const isVisible = (i: number) => visible.slice(i < 32 ? 0 : 2, i < 32 ? 2 : 4).includes(patchOf(i));

describe("maskedAutoencoder", () => {
  it("sees the visible patches and no other", async () => {
    const hiddenChanged = pixels.map((x, i) => (isVisible(i) ? x : x + 1));
    const seenChanged = pixels.map((x, i) => (isVisible(i) ? x + Math.cos(i) : x));
    const predict = async (changed: number[]) => (await evaluate({ predicted }, feeds(changed))).predicted;
    const before = await predict(pixels);
    expect(await predict(hiddenChanged)).toEqual(before);
    expect(await predict(seenChanged)).not.toEqual(before);
  });

  it("encodes with the parameters of a vision transformer", () => {
    const shapes = ({ parameters }: { parameters: readonly { name: string; shape: readonly number[] }[] }) =>
      parameters.map(({ name, shape }) => [name, shape]);
    expect(shapes(model.encoder)).toEqual(shapes(vit(config)));
    expect(shapes(model).slice(0, model.encoder.parameters.length)).toEqual(shapes(model.encoder));
    expect(model.encoder.config()).toMatchObject({ model_type: "autodidact_vit", pooling: "mean" });
    expect(model.config()).toMatchObject({
      architectures: ["ViTMAEForPreTraining"],
      model_type: "vit_mae",
      image_size: [4, 8],
      decoder_hidden_size: 4,
      decoder_num_attention_heads: 1,
      decoder_num_hidden_layers: 1,
      decoder_intermediate_size: 16,
    });
  });
});

describe("sinePositions", () => {
  it("gives zeros to the class token, then sines and cosines of column and row", () => {
    const table = sinePositions(2, 3, 8);
    const vector = (place: number) => [...table.subarray(8 * place, 8 * (place + 1))];
    expect(vector(0)).toEqual(Array(8).fill(0));
    const along = (x: number) => [Math.sin(x), Math.sin(x / 100), Math.cos(x), Math.cos(x / 100)];
    const expected = [...along(2), ...along(1)]; // the last place: column 2, row 1
    vector(6).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  });

  it("refuses widths that two coordinates cannot share", () => {
    expect(() => sinePositions(2, 2, 6)).toThrow("width 6");
  });
});
