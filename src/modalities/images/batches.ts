/** What a run on images learns from: prepared images, augmented, with what the objective draws at random. */
import { randomStream } from "../../core/random.js";
import type { ImageBatch } from "../../data/images/image.js";
import { evaluationImages, trainingImages } from "../../data/images/image-batches.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { augment } from "../../features/images/augment.js";
import { completeEach, evaluatedBatch } from "../../objectives/image-objective.js";
import { buildBatchObjective } from "./build.js";
import type { PreparedImages } from "./prepared.js";
import type { ImageRecipe } from "./recipe.js";

/** Batches as pure functions of the recipe's seed and their number. */
export function imageBatches(
  { train, validation, ...set }: PreparedImages,
  recipe: ImageRecipe,
): TrainingData {
  const { features, training } = recipe;
  const { batchSize, seed } = training;
  const numClasses = set.classes.length;
  const objective = buildBatchObjective(recipe, numClasses);
  const { views = 1 } = objective;
  const shape = { ...set.shape, batchSize };
  const viewed = { ...shape, batchSize: batchSize * views };
  const stream = (purpose: string, index: number) => randomStream(seed, purpose, index);

  function changed(images: ImageBatch, number: number, split: string): Batch {
    const random = stream(`${split} augment`, number);
    const augmented = augment(images, viewed, features.augment, random, numClasses);
    return objective.complete(augmented, shape, stream(`${split} objective`, number));
  }

  async function* validationBatches(limit?: number): AsyncGenerator<Batch> {
    let number = 0;
    for await (const images of evaluationImages(validation, { batchSize, limit, seed, views })) {
      // Views of an image that are all the same would be told apart from others without any skill.
      const completed =
        views > 1
          ? changed(images, number++, "validation")
          : completeEach(objective, images, shape, (index) => stream("validation objective", index));
      yield evaluatedBatch(completed, images);
    }
  }

  return {
    training: async (step) =>
      changed(await trainingImages(train, { seed, step, batchSize, views }), step, "training"),
    validation: validationBatches,
    validationBatches: Math.ceil(validation.count / batchSize),
  };
}
