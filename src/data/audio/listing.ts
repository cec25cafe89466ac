import { DataError } from "../../files/errors.js";
import type { Split } from "../images/collection.js";
import { leftOutOf } from "../images/left-out.js";
import { splitNamed } from "../images/split-names.js";
import { AudioError, orSkip } from "./audio.js";
import { findSound, isSound, type Place, stemOf } from "./place.js";
import type { Recording, RecordingSet } from "./recording.js";

/** What a list says of one recording. */
export interface Row {
  /** As the list names it. */
  readonly path: string;
  /** The list's own name. */
  readonly list: string;
  /** Default: the path without extension. */
  readonly id?: string;
  readonly text?: string;
  readonly speaker?: string;
  readonly group?: string;
  readonly split?: Split;
}

/** What a layout finds at a place. */
export interface Listing {
  /** Its name, for messages. */
  readonly layout: string;
  readonly rows: readonly Row[];
  /** Paths without extension of what is known and no speech. */
  readonly passedOver?: readonly string[];
  readonly leftOut?: readonly string[];
}

const SHOWN = 3;

/**
 * The recordings that are there of those that were listed. What is missing, listed again or not listed is counted; what has
 * no text is for those to count who learn texts.
 * @throws DataError where none are listed or all are missing.
 */
export async function recordingsOf(
  place: Place,
  { layout, rows, passedOver = [], leftOut = [] }: Listing,
): Promise<RecordingSet> {
  const recordings = new Map<string, Recording>();
  const [missing, again]: [string[], string[]] = [[], []];
  for (const row of rows) {
    const name = await findSound(place, row.list, row.path);
    if (name === undefined) missing.push(row.path);
    else if (recordings.has(name)) again.push(row.path);
    else recordings.set(name, recordingOf(place, name, row));
  }
  if (recordings.size === 0) throw noneThere(place, layout, missing);
  const known = new Set(passedOver);
  const unlisted = place.names.filter(
    (name) => isSound(name) && !recordings.has(name) && !known.has(withoutExtension(name)),
  );
  return {
    layout,
    recordings: [...recordings.values()],
    leftOut: [
      ...leftOut,
      ...listed("file", "of lists, not to be found", missing),
      ...leftOutOf("line", "naming a file again", again),
      ...leftOutOf("recording", "outside of the lists", unlisted),
    ],
  };
}

function recordingOf(place: Place, name: string, { id, path, text, speaker, group, split }: Row): Recording {
  const source = `${place.location}/${name}`;
  const optional = { text: written(text), speaker: written(speaker), group: written(group), split };
  return {
    id: id ?? withoutExtension(path),
    source,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    read: () => place.read(name).catch((cause: Error) => unreadable(source, cause)),
  };
}

/** A path without its extension. */
export function withoutExtension(name: string): string {
  return name.replace(/\.[^./]+$/, "");
}

/** A text in composed form, its spaces single; undefined where it is empty. */
export function written(text: string | undefined): string | undefined {
  return text?.normalize("NFC").replace(/\s+/g, " ").trim() || undefined;
}

/** The split that a name of a file or of a folder on the way to it speaks of, the innermost. */
export function splitOf(name: string): Split | undefined {
  const parts = name.split("/").map((part) => splitNamed(stemOf(part))?.split);
  return parts.findLast((split) => split !== undefined);
}

/** Like `leftOutOf`, with the first few names. */
function listed(what: string, where: string, names: readonly string[]): string[] {
  return leftOutOf(
    what,
    where,
    names.length === 0 ? [] : [names.slice(0, SHOWN).join(", "), ...names.slice(1)],
  );
}

function noneThere(place: Place, layout: string, missing: readonly string[]): DataError {
  if (missing.length === 0) {
    return new DataError(
      "there are no recordings",
      `${place.location}: ${layout} that lists none`,
      "give a list with a line for each recording",
    );
  }
  return new DataError(
    "none of the recordings that are listed are there",
    `${place.location}, ${layout}: ${missing.length} missing, ${missing.slice(0, SHOWN).join(", ")}`,
    "put the recordings where the list says, relative to it, or correct the list",
  );
}

/** The error for a recording that its place does not give. */
function unreadable(source: string, cause: Error): never {
  throw new AudioError(
    "a recording cannot be read",
    `${source}: ${cause.message}`,
    `fetch it again, remove it, ${orSkip}`,
    {
      cause,
    },
  );
}
