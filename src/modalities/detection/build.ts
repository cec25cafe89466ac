/** From a resolved recipe for detection to its model and task. */
import type { ImageShape } from "../../data/images/image.js";
import { denseDetector } from "../../models/dense-detector.js";
import { type CellEncoder, type Detector, detectorStride } from "../../models/detector.js";
import { featurePyramid } from "../../models/feature-pyramid.js";
import { vitCells } from "../../models/vit-cells.js";
import { denseDetection } from "../../objectives/dense-detection.js";
import { imageTask, type Task } from "../../objectives/task.js";
import { RecipeError } from "../../recipe/errors.js";
import type { DetectionRecipe } from "./recipe.js";

/** What every picture is stretched to. Throws `RecipeError` where cells do not fill it. */
export function shapeOf({ features: { height, width } }: DetectionRecipe): ImageShape {
  const side = Object.entries({ height, width }).find(([, pixels]) => pixels % detectorStride !== 0);
  if (!side) return { channels: 3, height, width };
  throw new RecipeError(
    "cells do not fill the pictures",
    `features.${side[0]} ${side[1]} in cells of ${detectorStride} pixels`,
    `choose a multiple of ${detectorStride}`,
  );
}

/** A recipe's model and task. Throws `ModelError` for sizes that do not go together. */
export function buildDetector(
  recipe: DetectionRecipe,
  numClasses: number,
): { readonly model: Detector; readonly task: Task } {
  const { towerLayers, groups } = recipe.model;
  const model = denseDetector(encoderOf(recipe), { numClasses, towerLayers, groups });
  const { batchSize } = recipe.training;
  return { model, task: imageTask(model, { ...shapeOf(recipe), batchSize }, denseDetection()) };
}

function encoderOf(recipe: DetectionRecipe): CellEncoder {
  const { model } = recipe;
  const shape = shapeOf(recipe);
  return model.kind === "vit" ? vitCells({ ...shape, ...model }) : featurePyramid({ ...shape, ...model });
}
