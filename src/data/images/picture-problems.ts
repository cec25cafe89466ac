import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import type { PictureCollection, SplitCounts } from "./collection.js";
import { ImageError, measurePicture, verifyPicture } from "./decode.js";
import { inOrder } from "./in-order.js";
import { type Watching, watched } from "./watching.js";

/** Something that is wrong with a set: the three parts of an error. */
export interface PictureProblem {
  readonly what: string;
  readonly found: string;
  readonly advice: string;
}

/** Sets of more pictures are searched by their headers: decoding them all may take many minutes. */
const DECODED_AT_MOST = 1000;
/** Several large pictures at once would fill the memory. */
const AT_ONCE = 4;
const SHOWN = 3;
/** A side that trains in minutes; see `exampleSize`. */
const USUAL_SIDE = 64;

/** What a search of all pictures finds. */
interface Survey {
  readonly unreadable: readonly ImageError[];
  /** A source for each size, height x width. */
  readonly sizes: ReadonlyMap<string, string>;
  readonly smallestSide: number;
}

export interface Searching extends Watching {
  readonly onCorrupt: "stop" | "skip";
  /** Whether all have to be of one size. */
  readonly isOwnSize: boolean;
  /** The picture that led to the search, if it cannot be read. */
  readonly trouble?: ImageError;
  /** What is known already. */
  readonly known: readonly PictureProblem[];
}

/**
 * All that is wrong with a set of pictures as one error: what is known of it, pictures that cannot be read, sizes that
 * differ. It is made once something is found, so that sound sets are not read twice.
 */
export async function allProblems(collection: PictureCollection, searching: Searching): Promise<DataError> {
  const { unreadable, sizes, smallestSide } = await survey(collection, searching);
  const problems: PictureProblem[] = [];
  if (searching.onCorrupt === "stop") {
    const [first, ...others] = unreadable;
    if (first && others.length === 0 && searching.known.length === 0 && !differ(sizes, searching))
      return first;
    if (first) problems.push(unreadableOnes(unreadable, totalOf(collection.counts)));
  }
  if (differ(sizes, searching)) problems.push(differentSizes(sizes, smallestSide));
  return problemsError([...problems, ...searching.known]);
}

/** Problems as one error, of its own name where it is the only one. */
export function problemsError(problems: readonly PictureProblem[]): DataError {
  const [first, ...others] = problems;
  if (others.length === 0) return new DataError(first.what, first.found, first.advice);
  const join = (part: (problem: PictureProblem) => string) => problems.map(part).join("; ");
  return new DataError(
    `there are ${problems.length} things wrong with the images`,
    join(({ what, found }) => `${what}: ${found}`),
    join(({ advice }) => advice),
  );
}

async function survey(
  collection: PictureCollection,
  { signal, onProgress, trouble }: Searching,
): Promise<Survey> {
  const unreadable: ImageError[] = [];
  const sizes = new Map<string, string>();
  let smallestSide = Number.POSITIVE_INFINITY;
  const total = totalOf(collection.counts);
  let done = 0;
  for (const split of ["train", "validation", "test"] as const) {
    if (collection.counts[split] === undefined) continue;
    const searched = inOrder(collection.pictures(split), AT_ONCE, async ({ source, bytes }) => {
      try {
        const encoded = await bytes();
        const shape = await measurePicture(encoded, source);
        if (total <= DECODED_AT_MOST) await verifyPicture(encoded, source);
        return { source, shape };
      } catch (error) {
        if (error instanceof ImageError) return { source, error };
        throw error;
      }
    });
    for await (const { source, shape, error } of watched(searched, total, { signal })) {
      onProgress?.(++done, total);
      if (error) unreadable.push(error);
      else {
        const size = `${shape.height} x ${shape.width}`;
        if (!sizes.has(size)) sizes.set(size, source);
        smallestSide = Math.min(smallestSide, shape.height, shape.width);
      }
    }
  }
  // In a large set a picture whose header is sound is not found again.
  if (trouble && !unreadable.some(({ values }) => values === trouble.values)) unreadable.unshift(trouble);
  return { unreadable, sizes, smallestSide };
}

function totalOf({ train, validation = 0, test = 0 }: SplitCounts): number {
  return train + validation + test;
}

function differ(sizes: Survey["sizes"], { isOwnSize }: Searching): boolean {
  return isOwnSize && sizes.size > 1;
}

function unreadableOnes(errors: readonly ImageError[], total: number): PictureProblem {
  const [first] = errors;
  if (errors.length === 1) return { what: first.what, found: first.values, advice: first.advice };
  const shown = errors.slice(0, SHOWN).map(({ what, values }) => `${values} (${what})`);
  return {
    what: `${counted(errors.length, "picture")} of ${total} cannot be used`,
    found: [...shown, ...(errors.length > SHOWN ? [`${errors.length - SHOWN} more`] : [])].join(", "),
    advice: first.advice,
  };
}

function differentSizes(sizes: Survey["sizes"], smallestSide: number): PictureProblem {
  const [[a, first], [b, second]] = sizes;
  const more = sizes.size > 2 ? `, with ${sizes.size} sizes in all` : "";
  const side = exampleSize(smallestSide);
  return {
    what: "the images are of different sizes (height x width)",
    found: `${first} is ${a}, ${second} is ${b}${more}`,
    advice: `set features.size, for example to ${side}: images are then cropped to squares and resized to ${side} x ${side}`,
  };
}

/** The largest power of two that enlarges no picture and trains soon. */
function exampleSize(smallestSide: number): number {
  return Math.min(USUAL_SIDE, 2 ** Math.floor(Math.log2(smallestSide)));
}
