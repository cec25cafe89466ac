import { describe, expect, it } from "vitest";
import { fillUniform, randomStream } from "../../core/random.js";
import { type AugmentOptions, augment } from "./augment.js";
import { AugmentError } from "./errors.js";

const shape = { batchSize: 6, channels: 3, height: 8, width: 8 };
const size = 192;
const images = new Float32Array(6 * size);
fillUniform(images, randomStream(9, "images"), -1, 1);
const labels = Int32Array.of(0, 1, 2, 0, 1, 2);
const everything: AugmentOptions = {
  crop: 2,
  flip: true,
  colorJitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
  grayscale: 0.3,
  erasing: 0.5,
  mixup: 0.5,
  cutmix: 1,
};

function augmented(options: AugmentOptions, step = 0, of = { images, labels }) {
  return augment(of, shape, options, randomStream(1, "augment", step), 3);
}

describe("augmented images", () => {
  it("are a function of batch and stream, and leave the batch as it was", () => {
    const before = images.slice();
    for (const options of [everything, { ...everything, crop: 0, resizedCrop: { minScale: 0.2 } }]) {
      expect(augmented(options, 4)).toEqual(augmented(options, 4));
      expect(augmented(options, 4)).not.toEqual(augmented(options, 5));
    }
    expect(images).toEqual(before);
  });

  it("are copies where nothing is asked for", () => {
    const found = augmented({});
    expect(found).toEqual({ images, labels });
    expect(found.images).not.toBe(images);
  });

  it("are mirrored every other time", () => {
    const mirrored = images.map((_, i) => images[i - (i % 8) + 7 - (i % 8)]);
    let count = 0;
    for (let step = 0; step < 100; step++) {
      const found = augmented({ flip: true }, step).images;
      for (let at = 0; at < found.length; at += size) {
        const [image, other] = [found.subarray(at, at + size), mirrored.subarray(at, at + size)];
        const isMirrored = image[0] === other[0];
        expect(image).toEqual(isMirrored ? other : images.subarray(at, at + size));
        if (isMirrored) count++;
      }
    }
    // 300 of 600, four deviations of 12.
    expect(Math.abs(count - 300)).toBeLessThan(49);
  });

  it("are shifted each by a draw of its own", () => {
    const same = { labels, images: images.map((_, i) => images[i % size]) };
    const found = augmented({ crop: 3 }, 0, same).images;
    const different = new Set(
      [0, 1, 2, 3, 4, 5].map((i) => String(found.subarray(i * size, (i + 1) * size))),
    );
    expect(different.size).toBeGreaterThan(3);
  });

  it("lose their colours by the probability", () => {
    let grey = 0;
    for (let step = 0; step < 100; step++) {
      const found = augmented({ grayscale: 0.2 }, step).images;
      for (let at = 0; at < found.length; at += size) {
        if (Math.abs(found[at] - found[at + 64]) < 1e-6) grey++;
      }
    }
    // 120 of 600, four deviations of 10.
    expect(Math.abs(grey - 120)).toBeLessThan(40);
  });

  it("take one way of mixing a batch where there are two", () => {
    const pure = new Set(images);
    const isCut = Array.from({ length: 40 }, (_, step) =>
      augmented({ mixup: 1, cutmix: 1 }, step).images.every((value) => pure.has(value)),
    );
    expect(new Set(isCut).size).toBe(2);
    expect(augmented({ mixup: 1 }).targets).toHaveLength(18);
    expect(augmented({ crop: 2 }).targets).toBeUndefined();
  });
});

describe("what cannot be done is refused", () => {
  const jitter = { brightness: 0, contrast: 0, saturation: 0 };
  it.each<[string, AugmentOptions]>([
    ["crop: 8", { crop: 8 }],
    ["crop: 1.5", { crop: 1.5 }],
    ["crop: 2", { crop: 2, resizedCrop: { minScale: 0.2 } }],
    ["resizedCrop.minScale: 2", { resizedCrop: { minScale: 2 } }],
    ["grayscale: -1", { grayscale: -1 }],
    ["erasing: NaN", { erasing: Number.NaN }],
    ["mixup: -0.2", { mixup: -0.2 }],
    ["colorJitter.hue: 0.6", { colorJitter: { ...jitter, hue: 0.6 } }],
    ["colorJitter.contrast: -1", { colorJitter: { ...jitter, contrast: -1 } }],
  ])("%s", (said, options) => {
    expect(() => augmented(options)).toThrow(AugmentError);
    expect(() => augmented(options)).toThrow(said);
  });

  it("batches of another shape, and labels that are no class", () => {
    expect(() => augmented({}, 0, { images: images.subarray(1), labels })).toThrow(
      /1151 numbers and 6 labels/,
    );
    const wrong = Int32Array.of(0, 1, 2, 3, 4, 5);
    expect(() => augmented({ mixup: 1 }, 0, { images, labels: wrong })).toThrow(/label 3 of 3/);
    expect(augmented({ crop: 1 }, 0, { images, labels: wrong }).labels).toEqual(wrong);
    expect(() => augment({ images, labels }, shape, { mixup: 1 }, randomStream(1, ""), 0)).toThrow(
      AugmentError,
    );
  });
});
