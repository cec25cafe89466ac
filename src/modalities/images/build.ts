/** From a resolved recipe for images to its model and objective. */
import { dimensionsOf, type ImageShape, isSameShape } from "../../data/images/image.js";
import { encoderOf, type ImageModelKind } from "../../interop/image-config.js";
import type { SavedImageModel } from "../../interop/image-folder.js";
import { contrastive } from "../../models/contrastive.js";
import { dit } from "../../models/dit.js";
import { imageClassifier } from "../../models/image-classifier.js";
import type { Denoiser, ImageEncoder } from "../../models/image-model.js";
import { maskedAutoencoder } from "../../models/mae.js";
import { resnet } from "../../models/resnet.js";
import { unet } from "../../models/unet.js";
import { vit } from "../../models/vit.js";
import { crossEntropy } from "../../objectives/cross-entropy.js";
import { ddpm } from "../../objectives/ddpm.js";
import { flowMatching } from "../../objectives/flow-matching.js";
import type { ImageBatchShape, ImageObjective } from "../../objectives/image-objective.js";
import { maskedPatches } from "../../objectives/masked-patches.js";
import { ntXent } from "../../objectives/nt-xent.js";
import { imageTask, type Task } from "../../objectives/task.js";
import { RecipeError } from "../../recipe/errors.js";
import type { ImageRecipe } from "./recipe.js";

/** An objective's part in making batches: it needs no model, so that a thread of its own can make them. */
export type BatchObjective = Pick<ImageObjective<never>, "views" | "complete">;

export function buildBatchObjective({ objective, model }: ImageRecipe, numClasses: number): BatchObjective {
  switch (objective.kind) {
    case "flowMatching":
      return flowMatching({ ...objective, numClasses });
    case "ddpm":
      return ddpm({ ...objective, numClasses });
    case "maskedPatches":
      return maskedPatches({ ...objective, patchSize: model.kind === "mae" ? model.patchSize : 1 });
    case "ntXent":
      return ntXent(objective);
    case "crossEntropy":
      return crossEntropy({ ...objective, numClasses });
  }
}

/** A model, and what it is trained to do with batches of a shape. */
export interface BuiltImages {
  readonly built: ImageModelKind;
  task(shape: ImageBatchShape): Task;
}

/** A recipe's model and task. Throws `RecipeError` for parts that do not go together, `ModelError` for sizes. */
export function buildImages(
  recipe: ImageRecipe,
  shape: ImageShape,
  numClasses: number,
  base: SavedImageModel | undefined,
): BuiltImages {
  const { model: recipeModel, objective } = recipe;
  const { channels, height, width } = shape;
  const sizes = { channels, height, width };
  switch (objective.kind) {
    case "flowMatching":
    case "ddpm": {
      const model = denoiserOf(recipe, sizes, numClasses, base);
      const field =
        objective.kind === "ddpm"
          ? ddpm({ ...objective, numClasses })
          : flowMatching({ ...objective, numClasses });
      return { built: { kind: "denoiser", model }, task: (batch) => imageTask(model, batch, field) };
    }
    case "maskedPatches": {
      if (recipeModel.kind !== "mae") throw mismatch(recipe, "mae");
      const model = maskedAutoencoder({ ...sizes, ...recipeModel });
      const masked = maskedPatches({ ...objective, patchSize: model.patchSize });
      return {
        built: { kind: "maskedAutoencoder", model },
        task: (batch) => imageTask(model, batch, masked),
      };
    }
    case "ntXent": {
      const model = contrastive(encoderFor(recipe, sizes, base), objective);
      return {
        built: { kind: "contrastive", model },
        task: (batch) => imageTask(model, batch, ntXent(objective)),
      };
    }
    case "crossEntropy": {
      requireClasses(numClasses);
      const model = imageClassifier(encoderFor(recipe, sizes, base), numClasses);
      const supervised = crossEntropy({ ...objective, numClasses });
      return { built: { kind: "classifier", model }, task: (batch) => imageTask(model, batch, supervised) };
    }
  }
}

function denoiserOf(
  recipe: ImageRecipe,
  sizes: ImageShape,
  numClasses: number,
  base: SavedImageModel | undefined,
): Denoiser {
  const { model } = recipe;
  if (base?.kind === "denoiser") {
    requireShape(sizes, base.model);
    requireSameClasses(numClasses, base.model.numClasses);
    return base.model;
  }
  if (model.kind === "dit") return dit({ ...sizes, ...model, numClasses });
  if (model.kind === "unet") return unet({ ...sizes, ...model, numClasses });
  throw mismatch(recipe, "dit, unet, or a pretrained one of these");
}

function encoderFor(recipe: ImageRecipe, sizes: ImageShape, base: SavedImageModel | undefined): ImageEncoder {
  const { model } = recipe;
  if (model.kind === "vit") return vit({ ...sizes, ...model });
  if (model.kind === "resnet") return resnet({ ...sizes, ...model });
  const encoder = base && encoderOf(base);
  if (!encoder) throw mismatch(recipe, "vit, resnet, or a pretrained one with an encoder");
  requireShape(sizes, encoder);
  return encoder;
}

function requireShape(sizes: ImageShape, model: ImageShape): void {
  if (isSameShape(sizes, model)) return;
  throw new RecipeError(
    "the images are not of the shape that the pretrained model reads",
    `[${dimensionsOf(sizes)}] instead of [${dimensionsOf(model)}]`,
    "set features.size and features.channels to the model's",
  );
}

function requireSameClasses(found: number, known: number): void {
  if (found === known) return;
  throw new RecipeError(
    "the images have another number of classes than the pretrained model knows",
    `${found} instead of ${known}`,
    "give images of the model's classes",
  );
}

function requireClasses(numClasses: number): void {
  if (numClasses >= 2) return;
  throw new RecipeError(
    "telling classes apart takes two or more of them",
    `${numClasses} in the data`,
    "give images with a class a folder, or an objective that needs no labels",
  );
}

function mismatch({ model, objective }: ImageRecipe, wanted: string): RecipeError {
  return new RecipeError(
    "the objective does not go with the model",
    `objective.kind ${objective.kind}, model.kind ${model.kind}`,
    `choose a model.kind of ${wanted}`,
  );
}
