/** Steps 1 and 2 of a run on images: decoded once into records of bytes, in the run's `data/`. */
import { z } from "zod";
import { permuted, randomStream } from "../../core/random.js";
import type { ImageShape, LabelledImage } from "../../data/images/image.js";
import type { ImageExamples } from "../../data/images/image-batches.js";
import type { ImageSource, Watching } from "../../data/images/open-images.js";
import { type ExampleArray, openExamples, writeExamples } from "../../data/tables/examples.js";
import { DataError, ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import type { ImageRecipe } from "./recipe.js";

/** Images to learn from and to validate with. */
export interface PreparedImages {
  /** Where they lie. */
  readonly location: string;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  readonly train: ImageExamples;
  readonly validation: ImageExamples;
  /** Pictures that could not be read. */
  readonly skipped: readonly string[];
  /** What lies beside the images, a phrase for each kind. */
  readonly leftOut: readonly string[];
  /** Whether other images validate than are learned from. */
  readonly isHeldOut: boolean;
}

const indexFile = "images.json";
const size = z.int().positive();
const index = z.object({
  shape: z.object({ channels: size, height: size, width: size }),
  classes: z.array(z.string()),
  skipped: z.array(z.string()),
  leftOut: z.array(z.string()).default([]),
  isHeldOut: z.boolean().default(true),
});

/**
 * Writes the images of a source into `folder`: its own held-out split, or a share chosen by the seed, is there to
 * validate with; of so few that the share would be none or all, all are. Throws what reading pictures throws.
 */
export async function writeImages(
  source: ImageSource,
  { data, training }: ImageRecipe,
  folder: Folder,
  watching?: Watching,
): Promise<unknown> {
  const all = () => source.images("train", watching);
  if (source.heldOut) {
    return writeSplits(folder, source, { train: all(), validation: source.images("validation", watching) });
  }
  const isHeldOut = (i: number) =>
    randomStream(training.seed, "split", i).uniform() < data.validationFraction;
  const [train, validation] = [chosen(all(), (i) => !isHeldOut(i)), chosen(all(), isHeldOut)];
  const counts = await writeSplits(folder, source, { train, validation });
  if (Math.min(counts.train, counts.validation) > 0) return counts;
  return writeSplits(folder, source, { train: all(), validation: all() }, false);
}

/** Writes images to learn from and to validate with into `folder`; gives how many each are. */
export async function writeSplits(
  folder: Folder,
  { shape, classes, skipped, leftOut }: Pick<ImageSource, "shape" | "classes" | "skipped" | "leftOut">,
  splits: Readonly<Record<"train" | "validation", AsyncIterable<LabelledImage>>>,
  isHeldOut = true,
): Promise<Record<"train" | "validation", number>> {
  const fields = {
    pixels: { dtype: "uint8", shape: [shape.channels, shape.height, shape.width] },
    label: { dtype: "int32", shape: [] },
  } as const;
  const counts = { train: 0, validation: 0 };
  await folder.remove(indexFile);
  for (const name of ["train", "validation"] as const) {
    const counting = (async function* () {
      for await (const record of records(splits[name])) {
        counts[name]++;
        yield record;
      }
    })();
    await writeExamples(folder.folder(name), fields, counting);
  }
  const index = { shape, classes, skipped, leftOut, isHeldOut };
  await folder.write(indexFile, `${JSON.stringify(index, null, 2)}\n`);
  return counts;
}

/** Throws `ShardError` when the images are not all there, `DataError` when a split is empty. */
export async function openPrepared(folder: Folder): Promise<PreparedImages> {
  if ((await folder.size(indexFile)) === undefined) {
    throw new ShardError(
      "there are no prepared images",
      `no ${indexFile} in ${folder.location}`,
      "prepare the data (again); give the folder of a run on images",
    );
  }
  const found = index.safeParse(readJson(await folder.read(indexFile)));
  if (!found.success) {
    throw new ShardError(
      "the list of prepared images is damaged",
      `${folder.location}/${indexFile}`,
      "prepare the data again",
    );
  }
  const train = await openExamples<ExampleArray>(folder.folder("train"));
  const validation = await openExamples<ExampleArray>(folder.folder("validation"));
  for (const [name, { count }] of Object.entries({ train, validation })) {
    if (count === 0) throw tooFew(name, folder);
  }
  return { ...found.data, location: folder.location, train, validation };
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function tooFew(split: string, folder: Folder): DataError {
  return new DataError(
    "there are too few images to learn from some and validate with others",
    `0 for ${split} in ${folder.location}`,
    "give more images",
  );
}

async function* chosen(
  images: AsyncIterable<LabelledImage>,
  isWanted: (index: number) => boolean,
): AsyncGenerator<LabelledImage> {
  let i = 0;
  for await (const image of images) if (isWanted(i++)) yield image;
}

async function* records(images: AsyncIterable<LabelledImage>) {
  for await (const { pixels, label } of images) yield { pixels, label: Int32Array.of(label) };
}

/** Those of the images that a recipe trains on: all, or few of each class. */
export async function trainedOn(
  images: PreparedImages,
  { data: { labelsPerClass }, training: { seed } }: ImageRecipe,
): Promise<PreparedImages> {
  if (labelsPerClass === undefined) return images;
  return { ...images, train: await fewLabels(images.train, images.classes, labelsPerClass, seed) };
}

/**
 * `perClass` images of each class, chosen by the seed. Throws `DataError` where a class has fewer, or there is none.
 */
export async function fewLabels(
  images: ImageExamples,
  classes: readonly string[],
  perClass: number,
  seed: number,
): Promise<ImageExamples> {
  if (classes.length === 0) {
    throw new DataError(
      "the images have no classes to choose a few of each from",
      `data.labelsPerClass ${perClass}`,
      "leave data.labelsPerClass out, or give images with a class a folder",
    );
  }
  const labels = await labelsOf(images);
  const left = new Map(classes.map((_, label) => [label, perClass]));
  const picked: number[] = [];
  for (let i = 0; i < images.count; i++) {
    const place = permuted(i, images.count, seed, "few labels");
    const wanted = left.get(labels[place]) ?? 0;
    if (wanted > 0) picked.push(place);
    left.set(labels[place], wanted - 1);
  }
  const [short] = [...left].filter(([label, wanted]) => label >= 0 && wanted > 0);
  if (short) {
    throw new DataError(
      "a class has fewer labelled images than were asked for",
      `${classes[short[0]]} has ${perClass - short[1]}, data.labelsPerClass is ${perClass}`,
      "lower data.labelsPerClass",
    );
  }
  return {
    ...images,
    count: picked.length,
    readBatch: (indices) => images.readBatch(indices.map((i) => picked[i])),
  };
}

/** The class of every image, in order. */
export async function labelsOf(images: ImageExamples): Promise<Int32Array> {
  const labels = new Int32Array(images.count);
  let start = 0;
  for await (const part of labelParts(images)) {
    labels.set(part, start);
    start += part.length;
  }
  return labels;
}

/** Whether any image has a class. */
export async function hasLabels(images: ImageExamples): Promise<boolean> {
  for await (const part of labelParts(images)) if (part.some((label) => label >= 0)) return true;
  return false;
}

async function* labelParts(images: ImageExamples): AsyncGenerator<Int32Array> {
  const step = 4096;
  for (let start = 0; start < images.count; start += step) {
    const length = Math.min(step, images.count - start);
    const { label } = await images.readBatch(Array.from({ length }, (_, i) => start + i));
    yield label as Int32Array;
  }
}
