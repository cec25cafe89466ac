import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { memoryFolder } from "../../files/memory.js";
import { type ExampleFields, openExamples, writeExamples } from "../tables/examples.js";
import type { EvaluationImages } from "./image.js";
import { evaluationImages, fromBytes, type ImageExamples, trainingImages } from "./image-batches.js";

/** Image i is [1, 1, 2] with the bytes i and 255 - i, of class i % 3 - 1. */
async function numbered(count: number): Promise<ImageExamples> {
  const folder = memoryFolder();
  const fields = {
    pixels: { dtype: "uint8", shape: [1, 1, 2] },
    label: { dtype: "int32", shape: [] },
  } as const;
  const records = Array.from({ length: count }, (_, i) => ({
    pixels: Uint8Array.of(i, 255 - i),
    label: Int32Array.of((i % 3) - 1),
  }));
  await writeExamples(folder, fields, records);
  return openExamples(folder);
}

function numbersOf(images: Float32Array): number[] {
  return Array.from({ length: images.length / 2 }, (_, i) => Math.round((images[2 * i] + 1) * 127.5));
}

const all = Array.from({ length: 10 }, (_, i) => i);

it("bytes become numbers from -1 to 1, evenly", () => {
  const values = fromBytes(Uint8Array.from({ length: 256 }, (_, i) => i));
  expect([values[0], values[51], values[255]]).toEqual([-1, Math.fround(-0.6), 1]);
  for (let i = 1; i < 256; i++) expect(values[i] - values[i - 1]).toBeCloseTo(2 / 255, 6);
});

describe("training images", () => {
  it("come once an epoch with their labels, as a function of seed and step", async () => {
    const examples = await numbered(10);
    const drawn: number[] = [];
    for (let step = 0; step < 5; step++) {
      const { images, labels } = await trainingImages(examples, { seed: 1, step, batchSize: 4 });
      const numbers = numbersOf(images);
      expect([...labels]).toEqual(numbers.map((number) => (number % 3) - 1));
      expect([...images]).toEqual(numbers.flatMap((n) => [...fromBytes(Uint8Array.of(n, 255 - n))]));
      drawn.push(...numbers);
    }
    for (const epoch of [drawn.slice(0, 10), drawn.slice(10)]) {
      expect(epoch.toSorted((a, b) => a - b)).toEqual(all);
    }
    const again = await trainingImages(examples, { seed: 1, step: 3, batchSize: 4 });
    expect(numbersOf(again.images)).toEqual(drawn.slice(12, 16));
  });

  it("have their views behind each other", async () => {
    const examples = await numbered(10);
    const one = await trainingImages(examples, { seed: 1, step: 2, batchSize: 3 });
    const two = await trainingImages(examples, { seed: 1, step: 2, batchSize: 3, views: 2 });
    expect(numbersOf(two.images)).toEqual(numbersOf(one.images).flatMap((number) => [number, number]));
    expect([...two.labels]).toEqual([...one.labels].flatMap((label) => [label, label]));
  });
});

describe("evaluation images", () => {
  async function evaluated(count: number, part: Parameters<typeof evaluationImages>[1]) {
    const batches: EvaluationImages[] = [];
    for await (const batch of evaluationImages(await numbered(count), part)) batches.push(batch);
    return batches;
  }

  it("are all, in order; the last batch says how many count", async () => {
    const batches = await evaluated(10, { batchSize: 4 });
    expect(batches.map(({ count }) => count)).toEqual([4, 4, 2]);
    expect(batches.flatMap(({ images }) => numbersOf(images))).toEqual([...all, 0, 1]);
    expect(batches.flatMap(({ indices }) => indices)).toEqual([...all, 0, 1]);
    expect([...batches[2].labels]).toEqual([8, 9, 0, 0].map((n, i) => (i < 2 ? (n % 3) - 1 : -1)));
    expect(batches.map(({ distinct }) => distinct)).toEqual([4, 4, 4]);
  });

  it("of a set smaller than a batch say where it repeats itself; views stand behind each other", async () => {
    const [batch] = await evaluated(2, { batchSize: 5, views: 2 });
    expect(numbersOf(batch.images)).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0]);
    expect([batch.count, batch.distinct]).toEqual([2, 2]);
  });

  it("under a limit are a sample of the whole set, the same at every evaluation", async () => {
    const read = async (seed: number, limit: number) =>
      (await evaluated(200, { batchSize: 10, limit, seed })).flatMap(({ indices }) => indices);
    const sample = await read(1, 5);
    expect(new Set(sample).size).toBe(50);
    // Of the second half a fair sample of 50 has 25, give or take three deviations of the hypergeometric.
    expect(Math.abs(sample.filter((index) => index >= 100).length - 25)).toBeLessThan(10);
    expect(await read(1, 5)).toEqual(sample);
    expect(await read(2, 5)).not.toEqual(sample);
    expect(await read(1, 3)).toEqual(sample.slice(0, 30));
    expect(await read(1, 20)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it("end after a limit, and fill one batch that is larger than the set", async () => {
    const sizes = async (batchSize: number, limit?: number) =>
      (await evaluated(3, { batchSize, limit })).map(({ count }) => count);
    expect(await sizes(1, 2)).toEqual([1, 1]);
    expect(await sizes(5)).toEqual([3]);
    expect(await sizes(3)).toEqual([3]);
  });
});

it("sets without images are refused", async () => {
  const step = { seed: 1, step: 0, batchSize: 1 };
  await expect(trainingImages(await numbered(0), step)).rejects.toThrow(/0 records/);
  await expect(evaluationImages(await numbered(0), step).next()).rejects.toThrow(DataError);
  const fields: ExampleFields = { pixels: { dtype: "float32", shape: [2] } };
  const other = { count: 1, fields, readBatch: () => expect.fail() };
  await expect(trainingImages(other, step)).rejects.toThrow("pixels float32 [2], label missing");
});
