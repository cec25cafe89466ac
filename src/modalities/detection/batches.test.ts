import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { detectionRecipe } from "../../../test/detection-recipe.js";
import { writeDrawnThings } from "../../../test/drawn-things.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { openBoxes } from "../../data/detection/open-boxes.js";
import type { Batch } from "../../data/training-data.js";
import { memoryFolder } from "../../files/memory.js";
import { resolveRecipe } from "../find.js";
import { detectionBatches } from "./batches.js";
import { openPreparedDetection, type PreparedDetection, writeDetection } from "./prepared.js";
import type { DetectionRecipe } from "./recipe.js";

const path = join(temporaryFolder(), "things");
const recipeOf = (change: Record<string, object> = {}) =>
  resolveRecipe<DetectionRecipe>(detectionRecipe(path, change), "a test");
const pasting = { objective: { kind: "pasteAndLocate" } };
const [background, ignored] = [-1, -2];
const size = 3 * 48 * 64;

async function prepared(recipe: DetectionRecipe): Promise<PreparedDetection> {
  const folder = memoryFolder();
  await writeDetection(await openBoxes({ path, validationFraction: 0.25, seed: 1 }), recipe, folder, {});
  return openPreparedDetection(folder);
}

let set: PreparedDetection;
beforeAll(async () => {
  await writeDrawnThings(path, 20);
  set = await prepared(recipeOf());
});

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

const cellsOf = ({ classMap }: Batch, isWanted: (label: number) => boolean) =>
  (classMap as Int32Array).filter(isWanted).length;

describe("batches of detection", () => {
  it("are pure functions of the recipe and their number", async () => {
    const of = (step: number, seed = 1) =>
      detectionBatches(set, recipeOf({ training: { seed } }), 10).training(step);
    expect(await of(3)).toEqual(await of(3));
    expect(await of(3)).not.toEqual(await of(4));
    expect(await of(3)).not.toEqual(await of(3, 2));
  });

  it("hold a class in every box, and its distances add up to the box's size in the model's pixels", async () => {
    const plain = recipeOf({ features: { augment: {} } });
    const batch = await detectionBatches(set, plain, 10).training(0);
    expect(cellsOf(batch, (label) => label >= 0)).toBeGreaterThan(8);
    const cells = 6 * 8;
    const widths = new Set<number>();
    (batch.classMap as Int32Array).forEach((label, at) => {
      if (label < 0) return;
      const [row, cell] = [Math.floor(at / cells), at % cells];
      const distance = (edge: number) => batch.boxMap[(row * 4 + edge) * cells + cell];
      widths.add(distance(0) + distance(2));
    });
    const known = set.train.pictures.flatMap(({ boxes }) => boxes.map(({ left, right }) => right - left));
    for (const width of widths) expect(known).toContain(width);
  });

  it("to validate with hold each picture once; what fills the last one up is not learned from", async () => {
    const found = await all(detectionBatches(set, recipeOf(), 10).validation());
    expect(set.validation.pictures.length).toBe(5);
    expect(found.length).toBe(2);
    const [whole, last] = found;
    expect(cellsOf(whole, (label) => label === ignored)).toBe(0);
    expect(cellsOf(last, (label) => label === ignored)).toBe(3 * 6 * 8);
    expect((last.images as Float32Array).subarray(size).every((value) => value === 0)).toBe(true);
  });

  it("put no pictures together in the last fifth of training", async () => {
    const of = (mosaic: number) => detectionBatches(set, recipeOf({ features: { augment: { mosaic } } }), 10);
    expect(await of(1).training(7)).not.toEqual(await of(0).training(7));
    expect(await of(1).training(8)).toEqual(await of(0).training(8));
  });

  it("of pasted things know nothing of anybody's boxes, also of a picture alone", async () => {
    const recipe = recipeOf(pasting);
    const pasted = await prepared(recipe);
    expect([pasted.classes, set.classes]).toEqual([["thing"], ["square", "disc"]]);
    const { training, validation } = detectionBatches(pasted, recipe, 10);
    const batch = await training(0);
    expect(cellsOf(batch, (label) => label > 0)).toBe(0);
    expect(cellsOf(batch, (label) => label === background)).toBeGreaterThan(0);
    const [first, second] = [await all(validation()), await all(validation())];
    expect(second).toEqual(first);
    expect(cellsOf(first[1], (label) => label === 0)).toBeGreaterThan(0);
  });
});
