import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { DataError } from "../../files/errors.js";
import { zipPlace } from "../audio/place.js";
import type { Reading } from "../reading.js";
import { findFilesOf } from "../text/find-files.js";
import { BEAT_FILE, type Beat, readBeats } from "./beats.js";
import { type MidiRead, readMidi } from "./midi.js";

/** A piece of music from a file. */
export interface MusicPiece extends MidiRead {
  /** Its path; in an archive, behind that of the archive. */
  readonly name: string;
  /** Where beats are known apart from the MIDI file: POP909's, from `beat_midi.txt` beside it. */
  readonly beats?: readonly Beat[];
}

interface MusicFile {
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
  /** The file of beats beside it, if there is one. */
  readonly readBeats: () => Promise<Uint8Array | undefined>;
}

const KINDS = { formatOf: kindOf, supported: ".mid, .midi" };

function kindOf(path: string): "midi" | "beats" | undefined {
  if (/\.midi?$/i.test(path)) return "midi";
  return posix.basename(path) === BEAT_FILE ? "beats" : undefined;
}

/**
 * The pieces of MIDI files (.mid, .midi), of folders, globs, and zip archives of them, in the order of their names.
 * Files with the same bytes give one piece; the reading counts the others, and those that cannot be read.
 * @throws MissingFileError where a name matches nothing; DataError where there are no MIDI files, and by the reading.
 */
export async function* musicPieces(
  paths: string | readonly string[],
  reading: Reading,
): AsyncGenerator<MusicPiece> {
  const list = typeof paths === "string" ? [paths] : paths;
  const zips = list.filter(isZip);
  const others = list.filter((path) => !isZip(path));
  const files = others.length > 0 || list.length === 0 ? await filesAt(others, reading) : [];
  for (const zip of zips) files.push(...(await filesInZip(zip, reading)));
  if (files.length === 0) throw noMidi(list);
  const seen = new Set<string>();
  let kept = 0;
  for (const file of files) {
    reading.check();
    const piece = await pieceOf(file, seen, reading);
    if (piece && !reading.isStopped) yield piece;
    if (piece) kept++;
  }
  reading.finish(kept);
}

const isZip = (path: string) => /\.zip$/i.test(path);

async function filesAt(paths: readonly string[], reading: Reading): Promise<MusicFile[]> {
  const found = await findFilesOf(KINDS, paths, reading);
  return found
    .filter(({ format }) => format === "midi")
    .map(({ path }) => ({
      name: path,
      read: () => readFile(path),
      readBeats: () => readFile(join(dirname(path), BEAT_FILE)).catch(noSuchFile),
    }));
}

function noSuchFile(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function filesInZip(zip: string, reading: Reading): Promise<MusicFile[]> {
  const { names, has, read } = await zipPlace(zip);
  const found = names.filter((name) => kindOf(name) === "midi");
  for (const name of names) {
    if (kindOf(name) === undefined) reading.passOver("the file is of another kind", `${zip}/${name}`);
  }
  return found.map((name) => ({
    name: `${zip}/${name}`,
    read: () => read(name),
    readBeats: async () => {
      const beats = posix.join(posix.dirname(name), BEAT_FILE);
      return (await has(beats)) ? read(beats) : undefined;
    },
  }));
}

async function pieceOf(
  file: MusicFile,
  seen: Set<string>,
  reading: Reading,
): Promise<MusicPiece | undefined> {
  try {
    const bytes = await file.read().catch((cause: Error) => unreadable(file.name, cause));
    const key = createHash("sha256").update(bytes).digest("hex");
    if (seen.has(key)) {
      reading.passOver("the file is the same as another", file.name);
      return undefined;
    }
    seen.add(key);
    const beats = await file.readBeats();
    const read = readMidi(bytes, file.name);
    if (!beats) return { name: file.name, ...read };
    const text = new TextDecoder().decode(beats);
    return { name: file.name, ...read, beats: readBeats(text, join(dirname(file.name), BEAT_FILE)) };
  } catch (error) {
    reading.refuse(error);
    return undefined;
  }
}

function noMidi(paths: readonly string[]): DataError {
  const advice = `give files of these kinds: ${KINDS.supported}; or folders or archives with such`;
  return new DataError("there are no MIDI files", paths.join(", "), advice);
}

function unreadable(name: string, cause: Error): never {
  throw new DataError("a MIDI file cannot be read", `${name}: ${cause.message}`, "fetch it again", { cause });
}
