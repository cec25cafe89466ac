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

/** Weights of whose names `zeros` says so are zero. */
async function features(
  images: number[],
  batch: number,
  model = vit(config),
  zeros = (_name: string) => false,
) {
  const weights = model.parameters.map(({ name, shape, init }) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (!zeros(name)) initialise(values, init, randomStream(1, name));
    return { name, shape, values: [...values] };
  });
  const p = lookUp(new Map(weights.map(({ name, shape }) => [name, input(name, "float32", shape)])));
  const { channels, height, width } = model;
  const shape = [batch, channels, height, width];
  const y = model.features(p, input("images", "float32", ["b", channels, height, width]));
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

it("takes the mean of the patches, without the class token", async () => {
  // Patches that neither see each other nor know where they are: an image is the mean of its patches alone.
  const apart = (name: string) => /attention\.value|position_embeddings/.test(name);
  const image = noise(3 * 8 * 8);
  const patches = [0, 4, 32, 36].flatMap((corner) =>
    Array.from({ length: 3 * 16 }, (_, i) => {
      const [channel, row, column] = [Math.floor(i / 16), Math.floor((i % 16) / 4), i % 4];
      return image[64 * channel + corner + 8 * row + column];
    }),
  );
  const mean = { ...config, pooling: "mean" as const };
  const whole = await features(image, 1, vit(mean), apart);
  const parts = await features(patches, 4, vit({ ...mean, height: 4, width: 4 }), apart);
  whole.forEach((value, i) => {
    expect(value).toBeCloseTo((parts[i] + parts[8 + i] + parts[16 + i] + parts[24 + i]) / 4, 5);
  });
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
  // Its class could not pool by the mean.
  expect(vit({ ...config, pooling: "mean" }).config()).not.toHaveProperty("architectures");
});
