import { DataError } from "../../files/errors.js";
import { type EvaluationPart, evaluationOrder } from "../evaluation-order.js";
import { trainingExamples } from "../tables/example-batches.js";
import type { ExampleArray, Examples } from "../tables/examples.js";
import type { EvaluationImages, ImageBatch } from "./image.js";

/** Images as records: `pixels`, uint8 [c, h, w], and `label`, int32 [], -1 for no class. */
export type ImageExamples = Examples<ExampleArray>;

/**
 * The images of a training step: a pure function of (seed, step), in the order of `trainingExamples`. A batch has
 * batchSize * views images, the `views` copies of an image behind each other.
 * @throws DataError when there are no images, or the records are none.
 */
export async function trainingImages(
  examples: ImageExamples,
  options: {
    readonly seed: number;
    readonly step: number;
    /** Images that differ. */
    readonly batchSize: number;
    /** Default 1. */
    readonly views?: number;
  },
): Promise<ImageBatch> {
  requireImages(examples);
  const { pixels, label } = await trainingExamples(examples, options);
  return imageBatch(pixels as Uint8Array, label as Int32Array, options.views ?? 1);
}

/**
 * The images as `evaluationOrder` has them, in batches of one size: the last is filled up with those that came first.
 * `views` as in `trainingImages`.
 * @throws DataError when there are no images, or the records are none.
 */
export async function* evaluationImages(
  examples: ImageExamples,
  { views = 1, ...part }: EvaluationPart & { readonly views?: number },
): AsyncGenerator<EvaluationImages> {
  requireImages(examples);
  const { batchSize } = part;
  const distinct = Math.min(batchSize, examples.count);
  let first: readonly number[] | undefined;
  for (const chosen of evaluationOrder(examples.count, part)) {
    first ??= chosen;
    const filling = Array.from({ length: batchSize - chosen.length }, (_, i) => first![i % distinct]);
    const indices = [...chosen, ...filling];
    const { pixels, label } = await examples.readBatch(indices);
    const labels = (label as Int32Array).fill(-1, chosen.length);
    yield { ...imageBatch(pixels as Uint8Array, labels, views), count: chosen.length, indices, distinct };
  }
}

function imageBatch(pixels: Uint8Array, labels: Int32Array, views: number): ImageBatch {
  if (views === 1) return { images: fromBytes(pixels), labels };
  const size = pixels.length / labels.length;
  const images = new Float32Array(pixels.length * views);
  for (let i = 0; i < labels.length; i++) {
    const image = fromBytes(pixels.subarray(i * size, (i + 1) * size));
    for (let view = 0; view < views; view++) images.set(image, (i * views + view) * size);
  }
  return {
    images,
    labels: Int32Array.from({ length: labels.length * views }, (_, i) => labels[Math.floor(i / views)]),
  };
}

/** Bytes 0 to 255 as numbers from -1 to 1. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) values[i] = bytes[i] / 127.5 - 1;
  return values;
}

function requireImages({ fields: { pixels, label }, count }: ImageExamples): void {
  const isImages =
    pixels?.dtype === "uint8" &&
    pixels.shape.length === 3 &&
    label?.dtype === "int32" &&
    label.shape.length === 0;
  if (isImages && count > 0) return;
  throw new DataError(
    "there are no images in the set",
    isImages ? "0 records" : `pixels ${describe(pixels)}, label ${describe(label)}`,
    isImages ? "add images, or keep more of them" : "prepare the images (again)",
  );
}

function describe(field: Examples["fields"][string] | undefined): string {
  return field ? `${field.dtype} [${field.shape.join(", ")}]` : "missing";
}
