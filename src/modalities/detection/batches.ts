/** What a run on detection learns from: prepared pictures and boxes, changed at random, as targets of each cell. */
import { type RandomStream, randomStream } from "../../core/random.js";
import type { Box } from "../../data/detection/boxes.js";
import { fromBytes } from "../../data/images/image-batches.js";
import { evaluationExamples, trainingExamples } from "../../data/tables/example-batches.js";
import type { ExampleArray, ExampleRecord } from "../../data/tables/examples.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { augmentBoxed } from "../../features/detection/augment.js";
import type { BoxedImage } from "../../features/detection/boxed-image.js";
import { pasteAndLocate } from "../../features/detection/paste.js";
import { denseTargets } from "../../features/detection/targets.js";
import { detectorStride } from "../../models/detector.js";
import type { PreparedDetection, PreparedSplit } from "./prepared.js";
import type { DetectionRecipe } from "./recipe.js";

/** Until this share of training pictures are put together of several: the last ones are as they will be. */
const mosaicUntil = 0.8;
/** In `picture` of a record, what only fills a batch up. */
const filler = -1;

/** Batches as pure functions of the recipe's seed and their number, of so many in all. */
export function detectionBatches(
  { train, validation, shape }: PreparedDetection,
  { features, objective, training }: DetectionRecipe,
  numBatches: number,
): TrainingData {
  const { batchSize, seed } = training;
  const size = shape.channels * shape.height * shape.width;
  const everywhere: Box = {
    left: 0,
    top: 0,
    right: shape.width,
    bottom: shape.height,
    label: 0,
    ignored: true,
  };
  const isPasted = objective.kind === "pasteAndLocate";

  /** The images of a batch, without those that fill it up. */
  const imagesIn = ({ pixels, picture }: ExampleRecord<ExampleArray>, { pictures }: PreparedSplit) =>
    Array.from(picture as Int32Array).flatMap((number, row): BoxedImage[] => {
      if (number === filler) return [];
      const own = pictures[number];
      const boxes = own.boxes.map((box) => scaled(box, shape.width / own.width, shape.height / own.height));
      return [{ pixels: fromBytes((pixels as Uint8Array).subarray(row * size, (row + 1) * size)), boxes }];
    });

  const pasted = (images: readonly BoxedImage[], random: RandomStream): BoxedImage[] => {
    const plain = images.map(({ pixels }) => pixels);
    // A picture alone is pasted from itself.
    return pasteAndLocate(plain.length > 1 ? plain : [...plain, ...plain], shape, random).slice(
      0,
      plain.length,
    );
  };

  function completed(images: readonly BoxedImage[]): Batch {
    const targets = images.map(({ boxes }) => denseTargets(boxes, { ...shape, stride: detectorStride }));
    const ignored = denseTargets([everywhere], { ...shape, stride: detectorStride });
    const rows = Array.from({ length: batchSize }, (_, row) => ({
      images: images[row]?.pixels ?? new Float32Array(size),
      ...(targets[row] ?? ignored),
    }));
    const joined = <A extends Float32Array | Int32Array>(
      whole: A,
      part: (row: (typeof rows)[number]) => A,
    ) => {
      for (const [i, row] of rows.entries()) whole.set(part(row), (i * whole.length) / batchSize);
      return whole;
    };
    return {
      images: joined(new Float32Array(batchSize * size), (row) => row.images),
      classMap: joined(new Int32Array(batchSize * ignored.classMap.length), (row) => row.classMap),
      boxMap: joined(new Float32Array(batchSize * ignored.boxMap.length), (row) => row.boxMap),
    };
  }

  async function* validationBatches(limit?: number): AsyncGenerator<Batch> {
    const neutral = { pixels: new Uint8Array(size), picture: Int32Array.of(filler) };
    let number = 0;
    for await (const found of evaluationExamples(validation.examples, { batchSize, limit, seed }, neutral)) {
      const images = imagesIn(found, validation);
      const random = randomStream(seed, "validation pasted", number++);
      yield completed(isPasted ? pasted(images, random) : images);
    }
  }

  return {
    async training(step) {
      const images = imagesIn(await trainingExamples(train.examples, { seed, step, batchSize }), train);
      const whole = isPasted ? pasted(images, randomStream(seed, "pasted", step)) : images;
      const { mosaic, ...others } = features.augment;
      const options = step < mosaicUntil * numBatches ? { mosaic, ...others } : others;
      return completed(augmentBoxed(whole, shape, options, randomStream(seed, "augmented", step)));
    },
    validation: validationBatches,
    validationBatches: Math.ceil(validation.examples.count / batchSize),
  };
}

function scaled(box: Box, across: number, down: number): Box {
  const { left, top, right, bottom } = box;
  return { ...box, left: left * across, right: right * across, top: top * down, bottom: bottom * down };
}
