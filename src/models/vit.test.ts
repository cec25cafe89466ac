import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { randomStream } from "../core/random.js";
import { initialise, lookUp } from "../nn/parameter.js";
import { imageClassifier } from "./image-classifier.js";
import { vit } from "./vit.js";

const config = {
  ...{ channels: 3, height: 8, width: 8, patchSize: 4 },
  ...{ embedWidth: 8, numLayers: 2, numHeads: 2, mlpWidth: 16 },
};

async function features(images: number[], batch: number, model = vit(config)) {
  const weights = model.parameters.map(({ name, shape, init }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(values, init, randomStream(1, name));
    return { name, shape, values: [...values] };
  });
  const p = lookUp(new Map(weights.map(({ name, shape }) => [name, input(name, "float32", shape)])));
  const shape = [batch, 3, 8, 8];
  const y = model.features(p, input("images", "float32", ["b", 3, 8, 8]));
  const feeds = Object.fromEntries(weights.map(({ name, values }) => [name, values]));
  return (await evaluate({ y }, { ...feeds, images: { shape, values: images } })).y;
}

const noise = (count: number) => {
  const random = randomStream(2, "pixels");
  return Array.from({ length: count }, () => random.normal());
};

it("gives an image the same vector in every batch, of any size", async () => {
  const size = 3 * 8 * 8;
  const images = noise(3 * size);
  const together = await features(images, 3);
  const alone = await features(images.slice(size, 2 * size), 1);
  // Sums of another length of batch may be blocked otherwise.
  alone.forEach((value, i) => {
    expect(Math.abs(value - together[8 + i])).toBeLessThan(1e-5);
  });
  expect(Math.abs(together[0] - together[8])).toBeGreaterThan(1e-3);
});

it("tells where a patch lies", async () => {
  const image = noise(3 * 8 * 8);
  const mirrored = image.map((_, i) => image[i - (i % 8) + (((i % 8) + 4) % 8)]); // left and right patches change places
  const [a, b] = [await features(image, 1), await features(mirrored, 1)];
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i])))).toBeGreaterThan(1e-3);
});

it("refuses sizes that do not go together", () => {
  expect(() => vit({ ...config, patchSize: 3 })).toThrow("patchSize does not divide height");
  expect(() => vit({ ...config, width: 10 })).toThrow("patchSize does not divide width");
  expect(() => vit({ ...config, numHeads: 3 })).toThrow("numHeads does not divide embedWidth");
});

it("describes itself as Hugging Face's ViT does", () => {
  expect(imageClassifier(vit(config), 2).config()).toMatchObject({
    architectures: ["ViTForImageClassification"],
    model_type: "vit",
    image_size: 8,
    patch_size: 4,
    num_channels: 3,
    hidden_size: 8,
    intermediate_size: 16,
    id2label: { 0: "LABEL_0", 1: "LABEL_1" },
  });
  expect(vit({ ...config, width: 16 }).config()).toMatchObject({ image_size: [8, 16] });
});
