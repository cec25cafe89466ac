/** Images in batches, as measures read them. */
import type { ImageBatch } from "../../../data/images/image.js";
import { evaluationImages, type ImageExamples } from "../../../data/images/image-batches.js";

/** Images at a time. */
export const batchSize = 100;

export function* chunks(values: Float32Array, size: number): Generator<Float32Array> {
  for (let start = 0; start < values.length; start += size) yield values.subarray(start, start + size);
}

export async function* pixelsOf(batches: AsyncIterable<ImageBatch>): AsyncGenerator<Float32Array> {
  for await (const { images } of batches) yield images;
}

/** Without the images that fill up the last batch. */
export async function* wholeBatches(split: ImageExamples): AsyncGenerator<ImageBatch> {
  for await (const { images, labels, count } of evaluationImages(split, { batchSize })) {
    yield {
      images: images.subarray(0, (images.length / batchSize) * count),
      labels: labels.subarray(0, count),
    };
  }
}

/** `wholeBatches` without the images that have no class. */
export async function* labelledBatches(split: ImageExamples): AsyncGenerator<ImageBatch> {
  for await (const batch of wholeBatches(split)) {
    const { images, labels } = batch;
    const known = [...labels.keys()].filter((i) => labels[i] >= 0);
    if (known.length === labels.length) yield batch;
    else if (known.length > 0)
      yield {
        images: rowsOf(images, known, labels.length),
        labels: Int32Array.from(known, (i) => labels[i]),
      };
  }
}

/** Those of the `count` rows. */
function rowsOf(values: Float32Array, chosen: readonly number[], count: number): Float32Array {
  const size = values.length / count;
  const rows = new Float32Array(chosen.length * size);
  chosen.forEach((i, to) => {
    rows.set(values.subarray(i * size, (i + 1) * size), to * size);
  });
  return rows;
}
