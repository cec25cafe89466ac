import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { detectionRecipe } from "../../../test/detection-recipe.js";
import { writeDrawnThings } from "../../../test/drawn-things.js";
import { makeClassifier, saveFresh } from "../../../test/pictures.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { loggedLosses, stopAfter } from "../../../test/tiny.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { openImageModel } from "../../interop/image-folder.js";
import { maskedAutoencoder } from "../../models/mae.js";
import { RecipeError } from "../../recipe/errors.js";
import { resolveRecipe } from "../find.js";
import { resumeRun, startRun } from "../run.js";
import { prepareDetection } from "./learning.js";
import { openPreparedDetection } from "./prepared.js";
import type { DetectionRecipe } from "./recipe.js";

const place = temporaryFolder();
const [things, bare, located] = [join(place, "things"), join(place, "bare"), join(place, "located")];
const around = { runtime: nodeRuntime, openFolder };
const pasting = { objective: { kind: "pasteAndLocate" } };

const recipeOf = (change: Record<string, object> = {}, path: string | undefined = things) =>
  resolveRecipe<DetectionRecipe>(detectionRecipe(path, change), "a test");
const savedIn = (run: Folder) => run.read("checkpoints/step-000004/model.safetensors");

beforeAll(async () => {
  await writeDrawnThings(things, 16);
  await writeDrawnThings(bare, 8, 2);
  rmSync(join(bare, "annotations.json"));
  await (await startRun(recipeOf(pasting, bare), openFolder(located), around)).train();
});

describe("a recipe that cannot be learned", () => {
  it.each([
    ["no path", {}, null, /data.path is missing/],
    ["pictures without boxes", {}, bare, /nothing that describes boxes/],
    ["cells that do not fill the picture", { features: { height: 50 } }, things, /features.height 50/],
    ["a batch larger than the set", { training: { batchSize: 13 } }, things, /12 to learn from/],
    [
      "more labelled pictures than there are",
      { data: { labelledPictures: 13 } },
      things,
      /12 to learn from, .* is 13/,
    ],
    ["groups that do not divide the width", { model: { mapWidth: 18 } }, things, /mapWidth/],
    [
      "other sizes than what it starts from",
      { model: { from: located, mapWidth: 8 } },
      things,
      /\[8,.*instead of \[16,/,
    ],
  ])("of %s is refused before anything is written", async (_, change, path, message) => {
    const recipe = recipeOf(change as Record<string, object>, path ?? undefined);
    const asked = path === null ? { ...recipe, data: { ...recipe.data, path: undefined } } : recipe;
    await expect(prepareDetection(asked, around)).rejects.toThrow(message);
  });
});

describe("a run on detection", () => {
  it.each([
    ["boxes", {}],
    ["pasted things", pasting],
  ])("with %s, stopped and resumed, ends in the same bits", async (_, change) => {
    const [whole, parted] = [memoryFolder(), memoryFolder()];
    await (await startRun(recipeOf(change), whole, around)).train();
    await (await startRun(recipeOf(change), parted, around)).train(stopAfter(2));
    await (await resumeRun(parted, around)).train();
    expect(await savedIn(parted)).toEqual(await savedIn(whole));
    expect(await loggedLosses(parted)).toEqual(await loggedLosses(whole));
  });

  it("starts from what was learned without boxes, but for what is there", async () => {
    const { recipe, start } = await prepareDetection(recipeOf({ model: { from: located } }), around);
    expect(recipe.model.folder).toBe(join(located, "checkpoints/step-000004"));
    const taken = new Set(start!.pretrained!.keys());
    expect(taken.has("backbone.body.conv1.weight")).toBe(true);
    expect(taken.has("head.regression_head.bbox_reg.weight")).toBe(true);
    expect([...taken].filter((name) => name.includes("cls_logits"))).toEqual([]);
  });

  it("starts a transformer from a masked autoencoder's encoder, and from nothing else", async () => {
    const sizes = { patchSize: 8, embedWidth: 16, numLayers: 1, numHeads: 2, mlpWidth: 32 };
    const shape = { channels: 3, height: 48, width: 64 };
    const decoder = { decoderWidth: 8, decoderLayers: 1, decoderHeads: 2 };
    const folder = join(place, "encoder");
    await saveFresh(folder, maskedAutoencoder({ ...shape, ...sizes, ...decoder }), []);
    const head = { mapWidth: 16, towerLayers: 1, groups: 4 };
    const over = (from: string) => {
      const recipe = recipeOf();
      return prepareDetection({ ...recipe, model: { kind: "vit", from, ...sizes, ...head } }, around);
    };
    const taken = [...(await over(folder)).start!.pretrained!.keys()];
    expect(taken.length).toBeGreaterThan(10);
    expect(taken.every((name) => name.startsWith("vit."))).toBe(true);
    const classifier = join(place, "classifier");
    await makeClassifier(classifier, 48, ["a", "b"]);
    await expect(over(classifier)).rejects.toThrow(RecipeError);
  });

  it("learns from few pictures, the same for the same seed", async () => {
    const namesOf = async (seed: number) => {
      const recipe = recipeOf({ data: { labelledPictures: 5 }, training: { seed } });
      const folder = memoryFolder();
      await (await prepareDetection(recipe, around)).write(folder);
      return (await openPreparedDetection(folder)).train.pictures.map(({ name }) => name);
    };
    const few = await namesOf(1);
    expect(few.length).toBe(5);
    expect(await namesOf(1)).toEqual(few);
    expect(await namesOf(2)).not.toEqual(few);
  });

  it("learns from cut-outs on photographs, whatever boxes these have", async () => {
    const [stamps, folder] = [join(place, "stamps"), memoryFolder()];
    mkdirSync(join(stamps, "ball"), { recursive: true });
    for (const r of [5, 6]) {
      const svg = `<svg width="20" height="20"><circle cx="10" cy="10" r="${r}" fill="red"/></svg>`;
      await sharp(Buffer.from(svg))
        .png()
        .toFile(join(stamps, `ball/${r}.png`));
    }
    const recipe = recipeOf({ data: { cutOuts: stamps, composites: 8 } });
    await (await prepareDetection(recipe, around)).write(folder);
    const { classes, train, validation } = await openPreparedDetection(folder);
    expect([classes, train.pictures.length, validation.pictures.length]).toEqual([["ball"], 6, 2]);
    expect(train.pictures.every(({ boxes }) => boxes.length > 0)).toBe(true);
  });

  it("keeps the threshold that is best on held-out pictures, or the recipe's", async () => {
    const saved = async (change: object) => {
      const recipe = { ...recipeOf(), generation: { overlap: 0.5, ...change } };
      const folder = memoryFolder();
      await (await startRun(recipe, folder, around)).train();
      return (await openImageModel(folder)).generation;
    };
    const { threshold } = await saved({});
    expect(threshold).toBeGreaterThan(0);
    expect(threshold).toBeLessThan(0.5);
    expect(await saved({ threshold: 0.7 })).toEqual({ overlap: 0.5, threshold: 0.7 });
  });
});
