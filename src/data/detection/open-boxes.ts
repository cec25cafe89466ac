import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { fileChunks } from "../../files/bytes.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { filesIn } from "../../files/listing.js";
import { decodedPieces } from "../../files/utf8.js";
import { ImageError, orSkip } from "../images/decode.js";
import { inOrder } from "../images/in-order.js";
import { leftOutOf } from "../images/left-out.js";
import { isPicture } from "../images/picture-files.js";
import { describeLeftOut, Reading, type ReadingOptions } from "../reading.js";
import { type Annotation, type AnnotationFormat, type AnnotationSet, splitOnWay } from "./annotation.js";
import { boxTables } from "./box-tables.js";
import type { BoxedPicture } from "./boxes.js";
import { checkedBoxes } from "./checked-boxes.js";
import { cocoJson } from "./coco-json.js";
import { nearDuplicates } from "./near-duplicates.js";
import { lookAt, type PictureLook } from "./picture-look.js";
import { PictureNames } from "./picture-names.js";
import { remarksOn } from "./set-remarks.js";
import { type BoxSplits, splitBoxes } from "./split-boxes.js";
import { vocXml } from "./voc-xml.js";
import { yolo } from "./yolo.js";

/** Which format a set's boxes are read from: the first that is there. */
const FORMATS: readonly AnnotationFormat[] = [cocoJson, vocXml, yolo, boxTables];
const AHEAD = 8;

/** Where boxes are, and how the set is split where it is not. `onProgress` counts pictures. */
export interface BoxSourceOptions extends ReadingOptions {
  /** A folder of pictures with COCO's JSON, Pascal VOC's XML, YOLO's text files or tables of CSV. */
  readonly path: string;
  /** Of the pictures with boxes. Default 0.1. */
  readonly validationFraction?: number;
  /** Default 0. */
  readonly seed?: number;
  /** What pictures are stretched to for the model, for the share of tiny objects. Default 320 x 240. */
  readonly size?: { readonly height: number; readonly width: number };
}

/** A set of pictures with boxes. */
export interface BoxSet {
  /** "COCO", "Pascal VOC", "YOLO" or "CSV"; undefined where nothing describes boxes. */
  readonly format: string | undefined;
  readonly classes: readonly string[];
  /** Pictures that a file describes; one without boxes is background. */
  readonly splits: BoxSplits;
  /** Pictures that no file describes: nobody has looked for objects in them. */
  readonly unlabelled: readonly BoxedPicture[];
  /** What the set is, and what is wrong with it, each as a sentence. */
  readonly found: readonly string[];
}

/**
 * Opens a folder of pictures with boxes, whatever the format, looks at each picture and each box, and counts what is wrong
 * or dropped. Splits are those of the set, by its lists or folders, or are made so that pictures that look the same are
 * on one side. Damaged annotations and pictures end the reading with one error, unless `skipBad` leaves them out.
 * @throws MissingFileError for no such folder; DataError where there are no pictures, or what is there cannot be used.
 */
export async function openBoxes(options: BoxSourceOptions): Promise<BoxSet> {
  const { path, signal, skipBad } = options;
  const files = (await filesIn(path).catch((error) => noFolder(path, error))).sort();
  if (!files.some(isPicture)) throw noPictures(path, files);
  const reading = new Reading({ skipBad, signal });
  const { format, set, beside } = await annotationsIn(path, files, reading);
  const pictures = await describedPictures(set, files, options, reading);
  const { splits, remarks } = await split(pictures, options);
  const unlabelled = pictures.flatMap(({ annotation, picture }) => (annotation ? [] : [picture]));
  const names = unlabelled.map(({ name }) => name);
  return {
    format: format?.name,
    classes: set.classes,
    splits,
    unlabelled,
    found: [
      ...remarksOn(set.classes, splits, options.size ?? { height: 240, width: 320 }),
      ...remarks,
      ...leftOutOf("picture", "without annotation, not taken for background", names),
      ...beside,
      ...describeLeftOut(reading.leftOut),
    ],
  };
}

/** What files say in the first format that is there; others are named. */
async function annotationsIn(
  folder: string,
  files: readonly string[],
  reading: Reading,
): Promise<{ format: AnnotationFormat | undefined; set: AnnotationSet; beside: string[] }> {
  const pictures = new PictureNames(files.filter(isPicture));
  const source = { files, pictures, reading, text: (name: string) => textOf(join(folder, name)) };
  for (const [i, format] of FORMATS.entries()) {
    const set = format.candidates(files).length > 0 ? await format.read(source) : undefined;
    if (!set) continue;
    const others = FORMATS.slice(i + 1).filter(({ name }) => name !== "YOLO");
    const beside = others.flatMap(({ name, candidates }) =>
      leftOutOf("file", `beside ${format.name}'s, perhaps of ${name}, not read`, candidates(files)),
    );
    return { format, set, beside };
  }
  return { format: undefined, set: { classes: [], annotations: [] }, beside: [] };
}

interface DescribedPicture {
  readonly annotation: Annotation | undefined;
  readonly look: PictureLook;
  readonly picture: BoxedPicture;
}

/** All pictures that can be read, with the first annotation of each. */
async function describedPictures(
  { classes, annotations }: AnnotationSet,
  files: readonly string[],
  { path, signal, onProgress }: BoxSourceOptions,
  reading: Reading,
): Promise<DescribedPicture[]> {
  const byName = onceEach(annotations, reading);
  const labels = new Map(classes.map((name, label) => [name, label]));
  const names = files.filter(isPicture);
  const looking = inOrder(names, AHEAD, async (name) => {
    try {
      return { name, look: await lookAt(await readPicture(path, name), join(path, name)) };
    } catch (error) {
      return { name, error };
    }
  });
  const pictures: DescribedPicture[] = [];
  let done = 0;
  for await (const { name, look, error } of looking) {
    signal?.throwIfAborted();
    onProgress?.(++done, names.length);
    if (!look) {
      reading.refuse(error);
      continue;
    }
    const annotation = byName.get(name);
    const boxes = annotation ? checkedBoxes(annotation, look, labels, reading) : [];
    const { width, height } = look;
    const read = () => readPicture(path, name);
    pictures.push({ annotation, look, picture: { name, width, height, boxes, read } });
  }
  reading.finish(pictures.length);
  return pictures;
}

function onceEach(annotations: readonly Annotation[], reading: Reading): Map<string, Annotation> {
  const byName = new Map<string, Annotation>();
  for (const annotation of annotations) {
    const { picture, source } = annotation;
    if (byName.has(picture)) reading.passOver("a picture is annotated again: the first is kept", source);
    else byName.set(picture, annotation);
  }
  return byName;
}

/** The pictures with annotations, by the splits that these name, or that folders on the way to the pictures do. */
async function split(
  pictures: readonly DescribedPicture[],
  { validationFraction = 0.1, seed = 0, signal }: BoxSourceOptions,
): Promise<{ splits: BoxSplits; remarks: string[] }> {
  const labelled = pictures.filter(({ annotation }) => annotation !== undefined);
  if (labelled.length === 0)
    return { splits: { train: [], validation: [] }, remarks: ["nothing describes boxes"] };
  const hashes = labelled.map(({ look }) => look.hash);
  const groups = await nearDuplicates(hashes, signal);
  const isNamed = labelled.some(({ annotation }) => annotation?.split !== undefined);
  const splittable = labelled.map(({ annotation, picture }, i) => {
    const own = isNamed ? annotation?.split : splitOnWay(posix.dirname(picture.name));
    return { picture, split: own, group: groups[i] };
  });
  return splitBoxes(splittable, { validationFraction, seed });
}

async function textOf(path: string): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of decodedPieces(path, fileChunks(path, false))) pieces.push(piece);
  return pieces.join("");
}

async function readPicture(folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  return readFile(path).catch((cause: Error) => {
    throw new ImageError(
      "a picture cannot be read",
      `${path}: ${cause.message}`,
      `fetch it again, remove it, ${orSkip}`,
      { cause },
    );
  });
}

function noFolder(path: string, cause: NodeJS.ErrnoException): never {
  throw new MissingFileError(
    "there is no folder of pictures that can be read",
    `${JSON.stringify(path)} from ${process.cwd()}: ${cause.message}`,
    "check the spelling; unpack archives",
    { cause },
  );
}

function noPictures(path: string, files: readonly string[]): DataError {
  return new DataError(
    "there are no pictures",
    `${path} holds ${files.length} other files`,
    "put .png, .jpg, .webp, .gif, .avif or .tiff files into the folder, with their annotations",
  );
}
