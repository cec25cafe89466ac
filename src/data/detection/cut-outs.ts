import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { counted } from "../../core/quantities.js";
import { type RandomStream, randomStream } from "../../core/random.js";
import type { Watching } from "../../core/watching.js";
import { DataError } from "../../files/errors.js";
import { filesIn } from "../../files/listing.js";
import { heldOutKeys } from "../held-out-keys.js";
import { readable } from "../images/decode.js";
import { inOrder } from "../images/in-order.js";
import { leftOutOf } from "../images/left-out.js";
import { isPicture } from "../images/picture-files.js";
import { areaOf, type Box, type BoxedPicture, type Edges, sharedArea } from "./boxes.js";
import type { BoxSet } from "./open-boxes.js";

const AHEAD = 8;
/** The class of what lies in no folder of its own. */
const NO_FOLDER = "thing";
const MOST_THINGS = 6;
/** Of the shorter side of a picture, the longer one of a thing. */
const SIZES = [0.1, 0.6] as const;
const ATTEMPTS = 10;
/** Of a thing's area, what another may cover. */
const MOST_COVERED = 0.25;
/** What is more transparent is not part of the thing. */
const LEAST_OPAQUE = 32;

/** Where cut-outs and photographs are, and how many pictures are made of them. */
export interface CutOutOptions extends Watching {
  /** A folder of pictures with transparency; the first folder on the way to each is its class. */
  readonly path: string;
  readonly backgrounds: readonly BoxedPicture[];
  readonly size: { readonly height: number; readonly width: number };
  readonly count: number;
  readonly validationFraction: number;
  readonly seed: number;
}

interface CutOut {
  readonly path: string;
  readonly label: number;
  /** The part of its picture that is not transparent. */
  readonly part: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
}

/**
 * Pictures with boxes that nobody had to draw: up to six cut-outs on a photograph, each a pure function of the seed and its
 * number, rendered when it is read (Dwibedi, Misra and Hebert, "Cut, paste and learn", 2017). Cut-outs and photographs of
 * the validation split are others than those of training. Pictures without transparency are left out and counted.
 * @throws DataError where there are fewer than two cut-outs or two photographs.
 */
export async function cutOutBoxes(options: CutOutOptions): Promise<BoxSet> {
  const { path, backgrounds, count, validationFraction, seed } = options;
  const { cutOuts, classes, opaque } = await cutOutsIn(options);
  if (cutOuts.length < 2 || backgrounds.length < 2) throw tooFew(path, cutOuts.length, backgrounds.length);
  const held = {
    cutOuts: heldOf(
      cutOuts.map((one) => one.path),
      validationFraction,
      seed,
    ),
    backgrounds: heldOf(
      backgrounds.map(({ name }) => name),
      validationFraction,
      seed,
    ),
  };
  const numHeld = Math.max(1, Math.round(count * validationFraction));
  const pictures = (isHeld: boolean, first: number, length: number) => {
    const things = cutOuts.filter((one) => held.cutOuts.has(one.path) === isHeld);
    const photographs = backgrounds.filter(({ name }) => held.backgrounds.has(name) === isHeld);
    return Array.from({ length }, (_, i) => composite(first + i, things, photographs, options));
  };
  return {
    format: "cut-outs",
    classes,
    splits: {
      train: pictures(false, 0, count - numHeld),
      validation: pictures(true, count - numHeld, numHeld),
    },
    unlabelled: [],
    found: [
      `${counted(count, "picture")} made of ${counted(cutOuts.length, "cut-out")} on ${counted(backgrounds.length, "photograph")}; ` +
        `${numHeld} for validation, of others than are learned from`,
      ...leftOutOf("picture", "without transparency, no cut-out", opaque),
    ],
  };
}

function heldOf(names: readonly string[], fraction: number, seed: number): ReadonlySet<string> {
  return heldOutKeys(new Map(names.map((name) => [name, 1])), names.length * fraction, seed);
}

async function cutOutsIn({
  path: folder,
  signal,
  onProgress,
}: CutOutOptions): Promise<{ cutOuts: CutOut[]; classes: string[]; opaque: string[] }> {
  const names = (await filesIn(folder)).filter(isPicture).sort();
  const found: { name: string; part: CutOut["part"] }[] = [];
  const opaque: string[] = [];
  const looking = inOrder(names, AHEAD, async (name) => ({
    name,
    part: await visiblePart(join(folder, name)),
  }));
  let done = 0;
  for await (const { name, part } of looking) {
    signal?.throwIfAborted();
    onProgress?.(++done, names.length);
    if (part) found.push({ name, part });
    else opaque.push(name);
  }
  const classes = [...new Set(found.map(({ name }) => classOf(name)))].sort();
  const cutOuts = found.map(({ name, part }) => ({
    ...{ path: join(folder, name), part, label: classes.indexOf(classOf(name)) },
  }));
  return { cutOuts, classes, opaque };
}

const classOf = (name: string) => (name.includes("/") ? name.split("/")[0] : NO_FOLDER);

/** Undefined where all of a picture can be seen, or nothing. Throws `ImageError` for one that cannot be read. */
async function visiblePart(path: string): Promise<CutOut["part"] | undefined> {
  const bytes = await readFile(path);
  return readable(bytes, path, async () => {
    if (!(await sharp(bytes).metadata()).hasAlpha) return undefined;
    const alpha = sharp(bytes).ensureAlpha().extractChannel("alpha").raw({ depth: "uchar" });
    const { data, info } = await alpha.toBuffer({ resolveWithObject: true });
    let [left, top, right, bottom] = [info.width, info.height, 0, 0];
    data.forEach((opacity, at) => {
      if (opacity < LEAST_OPAQUE) return;
      const [x, y] = [at % info.width, Math.floor(at / info.width)];
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    });
    const isAll =
      right - left === info.width && bottom - top === info.height && !data.some((one) => one < LEAST_OPAQUE);
    return right > left && !isAll ? { left, top, width: right - left, height: bottom - top } : undefined;
  });
}

interface Placed {
  readonly cutOut: CutOut;
  readonly box: Box;
  readonly isMirrored: boolean;
}

function composite(
  number: number,
  cutOuts: readonly CutOut[],
  backgrounds: readonly BoxedPicture[],
  { size, seed }: CutOutOptions,
): BoxedPicture {
  const random = randomStream(seed, "cut-outs", number);
  const background = backgrounds[random.integer(backgrounds.length)];
  const placed: Placed[] = [];
  for (let left = 1 + random.integer(MOST_THINGS); left > 0; left--) {
    const cutOut = cutOuts[random.integer(cutOuts.length)];
    const box = placeFor(
      cutOut,
      placed.map((one) => one.box),
      size,
      random,
    );
    if (box)
      placed.push({ cutOut, box: { ...box, label: cutOut.label }, isMirrored: random.integer(2) === 1 });
  }
  return {
    ...{ name: `cut-outs-${String(number).padStart(6, "0")}.png`, ...size },
    boxes: placed.map(({ box }) => box),
    read: () => render(background, placed, size),
  };
}

/** Where a thing of some size covers no other by more than a quarter; nowhere, when ten draws do. */
function placeFor(
  { part }: CutOut,
  others: readonly Edges[],
  { height, width }: CutOutOptions["size"],
  random: RandomStream,
): Edges | undefined {
  const [least, most] = SIZES;
  const longer = Math.min(height, width) * least * (most / least) ** random.uniform();
  const scale = longer / Math.max(part.width, part.height);
  const [w, h] = [part.width, part.height].map((side) => Math.max(1, Math.round(side * scale)));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [left, top] = [random.integer(width - w + 1), random.integer(height - h + 1)];
    const edges = { left, top, right: left + w, bottom: top + h };
    if (others.every((other) => sharedArea(other, edges) <= MOST_COVERED * areaOf(other))) return edges;
  }
  return undefined;
}

async function render(
  background: BoxedPicture,
  placed: readonly Placed[],
  { height, width }: CutOutOptions["size"],
): Promise<Uint8Array> {
  const things = await Promise.all(
    placed.map(async ({ cutOut, box: { left, top, right, bottom }, isMirrored }) => ({
      input: await sharp(cutOut.path)
        .extract(cutOut.part)
        .resize({ width: right - left, height: bottom - top, fit: "fill" })
        .flop(isMirrored)
        .png()
        .toBuffer(),
      ...{ left, top },
    })),
  );
  const photograph = sharp(await background.read(), { autoOrient: true });
  return photograph
    .flatten({ background: "#ffffff" })
    .resize({ height, width, fit: "cover" })
    .toColourspace("srgb")
    .composite(things)
    .png()
    .toBuffer();
}

function tooFew(path: string, cutOuts: number, photographs: number): DataError {
  return new DataError(
    "there are too few cut-outs or photographs to learn from some and hold out others",
    `${cutOuts} with transparency in ${path}, ${counted(photographs, "photograph")}`,
    "give two at least of each: PNG or WebP files with an alpha channel, and pictures of other things as data.path",
  );
}
