/** What a run on images learns from: prepared images, augmented, with what the objective draws at random. */
import { randomStream } from "../core/random.js";
import { evaluationImages, type ImageExamples, trainingImages } from "../data/images/image-batches.js";
import type { Batch, TrainingData } from "../data/training-data.js";
import { augment } from "../features/images/augment.js";
import { buildBatchObjective } from "./build-images.js";
import type { ImageRecipe } from "./image-recipe.js";
import type { PreparedImages } from "./prepare-images.js";

/** Batches as pure functions of the recipe's seed and their number. */
export function imageBatches(
  { train, validation, ...set }: PreparedImages,
  recipe: ImageRecipe,
): TrainingData {
  const { features, training } = recipe;
  const { batchSize, seed } = training;
  const numClasses = set.classes.length;
  const { views: numViews = 1, complete } = buildBatchObjective(recipe, numClasses);
  const shape = { ...set.shape, batchSize };
  const viewed = { ...shape, batchSize: batchSize * numViews };

  async function drawn(images: ImageExamples, step: number, purpose: string): Promise<Batch> {
    const views = await trainingImages(images, { seed, step, batchSize, views: numViews });
    const random = randomStream(seed, `${purpose} augment`, step);
    const changed = augment(views, viewed, features.augment, random, numClasses);
    return complete(changed, shape, randomStream(seed, `${purpose} objective`, step));
  }

  async function* validationBatches(limit = Number.POSITIVE_INFINITY): AsyncGenerator<Batch> {
    let index = 0;
    if (numViews > 1) {
      // Views of an image that are all the same would be told apart from others without any skill.
      const batches = Math.min(limit, Math.ceil(validation.count / batchSize));
      for (; index < batches; index++) yield await drawn(validation, index, "validation");
      return;
    }
    for await (const images of evaluationImages(validation, { batchSize, limit })) {
      yield complete(images, shape, randomStream(seed, "validation objective", index++));
    }
  }

  return { training: (step) => drawn(train, step, "training"), validation: validationBatches };
}
