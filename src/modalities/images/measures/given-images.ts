/** The images that a model is measured on: those of its run, or others. */

import { sameName } from "../../../data/images/class-name.js";
import type { LabelledImage } from "../../../data/images/image.js";
import { openImages } from "../../../data/images/open-images.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { memoryFolder } from "../../../files/memory.js";
import type { SavedImageModel } from "../../../interop/image-folder.js";
import { checkedBy } from "../../../recipe/resolve.js";
import { readSavedRecipe } from "../../../recipe/run-folder.js";
import { type Named, type Surroundings, watching } from "../../modality.js";
import { imagesOf } from "../learning.js";
import { openPrepared, type PreparedImages, writeSplits } from "../prepared.js";
import { imageRecipeSchema } from "../recipe.js";

/** Throws `EvaluationError` where a model is no run, and no images are given. */
export async function imagesFor(
  named: Named<SavedImageModel>,
  path: string | undefined,
  around: Surroundings,
): Promise<PreparedImages> {
  if (path !== undefined) return openGiven(path, await named.open(), around);
  const { folder, name } = named;
  if ((await folder.size("recipe.json")) === undefined) {
    throw new EvaluationError(
      "there are no images to measure the model on",
      `${name} is no run, which would have some`,
      "give them with --data: an archive, a folder of pictures, IDX files, or a run",
    );
  }
  const recipe = checkedBy(
    imageRecipeSchema,
    await readSavedRecipe(folder),
    `${folder.location}/recipe.json`,
  );
  return imagesOf(recipe, folder.folder("data"), around);
}

/** Without a test split all of the images stand for both. Labels become the model's, by the names of the classes. */
async function openGiven(
  path: string,
  { model, classes }: SavedImageModel,
  around: Surroundings,
): Promise<PreparedImages> {
  const { channels, height, width } = model;
  const source = await openImages({
    ...watching(around, "pictures looked at"),
    path,
    size: { height, width },
    channels: channels as 1 | 3,
  });
  const known = classes.length > 0 ? classes : source.classes;
  const labels = source.classes.map((name) => known.findIndex((own) => sameName(own, name)));
  const stranger = source.classes.find((_, i) => labels[i] < 0);
  if (stranger !== undefined) {
    throw new EvaluationError(
      "the images are of a class that the model does not know",
      `${stranger} in ${path}; it knows ${known.join(", ")}`,
      "leave those images out",
    );
  }
  async function* relabelled(images: AsyncIterable<LabelledImage>) {
    for await (const image of images) {
      yield { ...image, label: image.label >= 0 ? labels[image.label] : image.label };
    }
  }
  const folder = memoryFolder();
  const validation = source.images(source.hasTest ? "test" : "train");
  const splits = { train: relabelled(source.images("train")), validation: relabelled(validation) };
  await writeSplits(folder, { ...source, classes: known }, splits);
  return openPrepared(folder);
}
