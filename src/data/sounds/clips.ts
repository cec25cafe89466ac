import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import type { Recording } from "../audio/recording.js";
import { openRecordings } from "../audio/recordings.js";
import { leftOutOf } from "../images/left-out.js";
import { saysNothing } from "../images/split-names.js";
import { type NameParts, namePattern } from "./name-pattern.js";

/** A short sound, not yet read. */
export interface Clip extends Recording {
  /** What it is a sound of, where anything tells. */
  readonly class?: string;
  /** Which of several sounds alike, for splits. */
  readonly take?: string;
}

/** The clips at some paths. */
export interface ClipSet {
  readonly clips: readonly Clip[];
  /** By code unit. */
  readonly classes: readonly string[];
  /** What is not learned from, a phrase for each kind. */
  readonly leftOut: readonly string[];
  /** What else there is to know, a sentence each. */
  readonly notes: readonly string[];
}

/** Where clips are, and how they are named. */
export interface ClipOptions {
  readonly paths: readonly string[];
  /** Of names without folders and ending, such as `{class}_{speaker}_{take}`; default: the folder is the class. */
  readonly names?: string;
}

/**
 * The clips of folders, zips and manifests. The class is what the pattern of names, else the text of a manifest, else the
 * outermost folder that is not one for all says. Nothing is decoded yet.
 * @throws DataError where there are none, or none has a name that fits the pattern, and what `openRecordings` throws.
 */
export async function openClips({ paths, names }: ClipOptions): Promise<ClipSet> {
  const sets = [];
  for (const path of paths) sets.push(await openRecordings(path));
  const recordings = sets.flatMap((set) => set.recordings);
  const { clips, strange } = names === undefined ? byPlace(recordings) : byName(recordings, names);
  if (clips.length === 0) {
    throw new DataError(
      "no clip has a name that fits the pattern",
      `data.names ${JSON.stringify(names)}; the first of ${recordings.length} is ${stemOf(recordings[0])}`,
      "write data.names as the clips are called, such as {class}_{speaker}_{take}",
    );
  }
  const classes = [...new Set(clips.flatMap((clip) => clip.class ?? []))].sort();
  return {
    clips,
    classes,
    leftOut: [
      ...sets.flatMap(({ leftOut }) => leftOut),
      ...leftOutOf("clip", "whose name does not fit data.names", strange),
    ],
    notes: notesOn(clips, classes),
  };
}

interface Found {
  readonly clips: readonly Clip[];
  /** Names that fit no pattern. */
  readonly strange: readonly string[];
}

function byName(recordings: readonly Recording[], names: string): Found {
  const partsOf = namePattern(names);
  const strange: string[] = [];
  const clips = recordings.flatMap((recording): Clip[] => {
    const parts = partsOf(stemOf(recording));
    if (!parts) strange.push(stemOf(recording));
    return parts ? [{ ...recording, ...parts }] : [];
  });
  return { clips, strange };
}

function byPlace(recordings: readonly Recording[]): Found {
  if (recordings.some(({ text }) => text !== undefined)) {
    return { clips: recordings.map((recording) => ({ ...recording, class: recording.text })), strange: [] };
  }
  let folders = recordings.map(({ id }) => foldersOf(id));
  while (folders.every(([first]) => first !== undefined && first === folders[0][0])) {
    folders = folders.map((rest) => rest.slice(1));
  }
  const clips = recordings.map((recording, i): Clip => {
    const parts: NameParts = folders[i].length > 0 ? { class: folders[i][0] } : {};
    return { ...recording, ...parts };
  });
  return { clips, strange: [] };
}

/** The folders on the way to a clip that say more than a split. */
const foldersOf = (id: string) =>
  id
    .normalize("NFC")
    .split("/")
    .slice(0, -1)
    .filter((name) => !saysNothing(name));

const stemOf = ({ id }: Recording) => id.slice(id.lastIndexOf("/") + 1);

function notesOn(clips: readonly Clip[], classes: readonly string[]): string[] {
  if (classes.length === 0) return ["no clip has a class: what is drawn cannot be chosen"];
  const sizes = new Map(classes.map((name) => [name, 0]));
  for (const { class: name } of clips) if (name !== undefined) sizes.set(name, sizes.get(name)! + 1);
  const single = classes.filter((name) => sizes.get(name) === 1);
  const nameless = clips.filter((clip) => clip.class === undefined).length;
  return [
    ...(single.length > 0
      ? [`${single.length} of ${classes.length} classes with one clip, which is learned from: ${single[0]}`]
      : []),
    ...(nameless > 0 ? [`${counted(nameless, "clip")} without a class`] : []),
  ];
}
