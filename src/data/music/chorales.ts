/**
 * Bach's chorales as they are published: JSON of splits, pieces, sixteenths and four MIDI pitches, -1 where a voice is
 * silent (`Jsb16thSeparated.json` of github.com/czhuang/JSB-Chorales-dataset).
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { z } from "zod";
import { DataError } from "../../files/errors.js";
import { folderPlace, type Place, textOf, zipPlace } from "../audio/place.js";

/** MIDI pitches [steps, 4], row-major, from the highest voice to the lowest; -1 is silence. */
export type Chorale = Int8Array;

/** The published splits. */
export interface ChoraleSet {
  readonly train: readonly Chorale[];
  readonly validation: readonly Chorale[];
  readonly test: readonly Chorale[];
}

const fileName = "Jsb16thSeparated.json";
const numVoices = 4;
const pitch = z.number().min(-1).max(127);
const pieces = z.array(z.array(z.array(pitch).length(numVoices)).min(1)).min(1);
const file = z.object({ train: pieces, valid: pieces, test: pieces });

/**
 * Reads the set from its JSON file, or from a zip or folder with it. Throws `DataError` where it is not there, and for
 * a file of another shape.
 */
export async function readChorales(path: string): Promise<ChoraleSet> {
  const place = await placeOf(path);
  const name = place.names.find((found) => basename(found) === fileName) ?? place.names.find(isAlone(place));
  if (name === undefined) {
    throw new DataError(
      "there are no chorales",
      `${path} has ${place.names.slice(0, 5).join(", ") || "no files"}, but no ${fileName}`,
      "give the archive or folder of czhuang/JSB-Chorales-dataset, or that file",
    );
  }
  const { train, valid, test } = checked(await textOf(place, name), `${place.location}/${name}`);
  return { train: train.map(gridOf), validation: valid.map(gridOf), test: test.map(gridOf) };
}

/** A JSON file that was named itself may be called otherwise. */
const isAlone = (place: Place) => (name: string) => place.names.length === 1 && name.endsWith(".json");

async function placeOf(path: string): Promise<Place> {
  const found = await stat(path).catch((cause: Error) => {
    throw new DataError("there are no chorales", `${path}: ${cause.message}`, "check the path", { cause });
  });
  if (found.isDirectory()) return folderPlace(path);
  return /\.zip$/i.test(path) ? zipPlace(path) : folderPlace(dirname(path), [basename(path)]);
}

function checked(text: string, source: string): z.output<typeof file> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(source, (cause as Error).message);
  }
  const found = file.safeParse(value);
  if (found.success) return found.data;
  const [{ path, message }] = found.error.issues;
  throw damaged(source, `${path.join(".") || "the top"}: ${message}`);
}

function damaged(source: string, found: string): DataError {
  return new DataError(
    "a file holds no chorales",
    `${source}: ${found}`,
    "give train, valid and test as lists of pieces, a piece as a list of four pitches a sixteenth",
  );
}

const gridOf = (steps: readonly (readonly number[])[]): Chorale => Int8Array.from(steps.flat());
