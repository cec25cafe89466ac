/** Step 1 of a run on detection: pictures decoded once and stretched to one size, with their boxes, in the run's `data/`. */
import { z } from "zod";
import { permuted } from "../../core/random.js";
import type { Watching } from "../../core/watching.js";
import type { BoxedPicture } from "../../data/detection/boxes.js";
import type { BoxSet } from "../../data/detection/open-boxes.js";
import { heldOutKeys } from "../../data/held-out-keys.js";
import { stretchImage } from "../../data/images/decode.js";
import type { ImageShape } from "../../data/images/image.js";
import { inOrder } from "../../data/images/in-order.js";
import {
  type ExampleArray,
  type ExampleRecord,
  type Examples,
  openExamples,
  writeExamples,
} from "../../data/tables/examples.js";
import { DataError, ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { readPreparedIndex } from "../prepared-index.js";
import { shapeOf } from "./build.js";
import type { DetectionRecipe } from "./recipe.js";

const splits = ["train", "validation", "test"] as const;
export type DetectionSplit = (typeof splits)[number];

/** A picture as it is learned from. */
export type PreparedPicture = Pick<BoxedPicture, "name" | "width" | "height" | "boxes">;

/** Pictures of one split: records of `pixels`, uint8 [3, h, w], and `picture`, int32 [], which of them it is. */
export interface PreparedSplit {
  readonly examples: Examples<ExampleArray>;
  readonly pictures: readonly PreparedPicture[];
}

/** Pictures to learn from, to validate with, and, where the set has such, to tell by in the end. */
export interface PreparedDetection {
  /** Where they lie. */
  readonly location: string;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  readonly notes: readonly string[];
  readonly train: PreparedSplit;
  readonly validation: PreparedSplit;
  readonly test?: PreparedSplit;
}

/** Paste-and-locate knows one class. */
const anything = ["thing"];
const ahead = 8;

const side = z.int().positive();
const box = z.object({
  ...{ left: z.number(), top: z.number(), right: z.number(), bottom: z.number() },
  label: z.int().nonnegative(),
  ignored: z.boolean().optional(),
  area: z.number().optional(),
});
const picture = z.object({ name: z.string(), width: side, height: side, boxes: z.array(box) });
const index = {
  file: "detection.json",
  things: "pictures with boxes",
  schema: z.object({
    shape: z.object({ channels: side, height: side, width: side }),
    classes: z.array(z.string()),
    notes: z.array(z.string()),
    pictures: z.object({
      train: z.array(picture),
      validation: z.array(picture),
      test: z.array(picture).optional(),
    }),
  }),
};

type Chosen = Readonly<Partial<Record<DetectionSplit, readonly BoxedPicture[]>>>;

/** What a recipe learns from of a set: its splits and classes. Throws `DataError` where there is too little. */
export function chosenOf(
  set: BoxSet,
  recipe: DetectionRecipe,
): { splits: Chosen; classes: readonly string[] } {
  if (recipe.objective.kind === "pasteAndLocate") {
    return { splits: withoutBoxes(set, recipe), classes: anything };
  }
  const { train, ...heldOut } = set.splits;
  return { splits: { train: fewOf(train, recipe), ...heldOut }, classes: set.classes };
}

/** All pictures but those that the set keeps for testing. */
function withoutBoxes({ splits, unlabelled }: BoxSet, { data, training }: DetectionRecipe): Chosen {
  if (splits.validation.length > 0) {
    return { train: [...splits.train, ...unlabelled], validation: splits.validation };
  }
  const sizes = new Map(unlabelled.map(({ name }) => [name, 1]));
  if (sizes.size < 2) {
    throw new DataError(
      "there are too few pictures to learn from some and validate with others",
      `${sizes.size}`,
      "give two pictures at least",
    );
  }
  const held = heldOutKeys(sizes, sizes.size * data.validationFraction, training.seed);
  const those = (isHeld: boolean) => unlabelled.filter(({ name }) => held.has(name) === isHeld);
  return { train: those(false), validation: those(true) };
}

function fewOf(
  pictures: readonly BoxedPicture[],
  { data, training }: DetectionRecipe,
): readonly BoxedPicture[] {
  const { labelledPictures = pictures.length } = data;
  if (labelledPictures <= pictures.length) {
    return Array.from(
      { length: labelledPictures },
      (_, i) => pictures[permuted(i, pictures.length, training.seed, "few pictures")],
    );
  }
  throw new DataError(
    "there are fewer pictures with boxes than were asked for",
    `${pictures.length} to learn from, data.labelledPictures is ${labelledPictures}`,
    "lower data.labelledPictures",
  );
}

/** Decodes the pictures of each split and writes them into `folder`. Throws what reading pictures throws. */
export async function writeDetection(
  set: BoxSet,
  recipe: DetectionRecipe,
  folder: Folder,
  { signal, onProgress }: Watching,
): Promise<void> {
  const chosen = chosenOf(set, recipe);
  const shape = shapeOf(recipe);
  const there = splits.filter((name) => chosen.splits[name]);
  const total = there.reduce((sum, name) => sum + chosen.splits[name]!.length, 0);
  const pictures: Record<string, readonly PreparedPicture[]> = {};
  let before = 0;
  await folder.remove(index.file);
  for (const name of there) {
    const watched = { signal, onProgress: (done: number) => onProgress?.(before + done, total) };
    const written = await writeSplit(chosen.splits[name]!, shape, folder.folder(name), watched);
    pictures[name] = written.pictures;
    before += written.pictures.length;
  }
  const content = { shape, classes: chosen.classes, notes: set.found, pictures };
  await folder.write(index.file, `${JSON.stringify(content)}\n`);
}

/** Decodes pictures, stretched to a shape, and writes them into `folder`. Throws what reading pictures throws. */
export async function writeSplit(
  pictures: readonly BoxedPicture[],
  { channels, height, width }: ImageShape,
  folder: Folder,
  { signal, onProgress }: Watching,
): Promise<PreparedSplit> {
  const shape = { channels, height, width };
  const records = decoded(pictures, shape, (done) => {
    signal?.throwIfAborted();
    onProgress?.(done, pictures.length);
  });
  await writeExamples(folder, fieldsOf(shape), records);
  const examples = await openExamples<ExampleArray>(folder);
  return { examples, pictures: pictures.map(({ read, ...told }) => told) };
}

const fieldsOf = ({ channels, height, width }: ImageShape) =>
  ({
    pixels: { dtype: "uint8", shape: [channels, height, width] },
    picture: { dtype: "int32", shape: [] },
  }) as const;

async function* decoded(
  pictures: readonly BoxedPicture[],
  shape: ImageShape,
  onEach: (done: number) => void,
): AsyncGenerator<ExampleRecord<ExampleArray>> {
  let number = 0;
  const stretched = inOrder(pictures, ahead, async ({ name, read }) =>
    stretchImage(await read(), name, shape),
  );
  for await (const pixels of stretched) {
    yield { pixels, picture: Int32Array.of(number++) };
    onEach(number);
  }
}

/** Throws `ShardError` when the pictures are not all there. */
export async function openPreparedDetection(folder: Folder): Promise<PreparedDetection> {
  const { pictures, ...told } = await readPreparedIndex(folder, index);
  const opened = async (name: DetectionSplit, those: readonly PreparedPicture[]): Promise<PreparedSplit> => {
    const examples = await openExamples<ExampleArray>(folder.folder(name));
    if (examples.count === those.length) return { examples, pictures: those };
    throw new ShardError(
      "prepared pictures are missing",
      `${examples.count} of ${those.length} in ${folder.location}/${name}`,
      "prepare the data again",
    );
  };
  return {
    ...told,
    location: folder.location,
    train: await opened("train", pictures.train),
    validation: await opened("validation", pictures.validation),
    test: pictures.test && (await opened("test", pictures.test)),
  };
}
