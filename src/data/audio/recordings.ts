import { open, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DataError, MissingFileError } from "../../files/errors.js";
import { parquetRecordings } from "./audio-parquet.js";
import { commonVoice, kaldi, libriSpeech, ljSpeech } from "./corpora.js";
import { DEBIAN_SETS, debianSpeech, fillets } from "./debian-speech.js";
import { type Listing, recordingsOf } from "./listing.js";
import { manifests } from "./manifest.js";
import { folderPlace, isSound, kindsOf, type Place, zipPlace } from "./place.js";
import type { RecordingSet } from "./recording.js";
import { soundFiles } from "./sound-files.js";

export type { Recording, RecordingSet } from "./recording.js";

/** In the order in which they are looked for. */
const LAYOUTS: readonly ((place: Place) => Promise<Listing | undefined>)[] = [
  libriSpeech,
  kaldi,
  ljSpeech,
  commonVoice,
  fillets,
  manifests,
  soundFiles,
];

const ACCEPTED =
  "a folder or zip of recordings (.wav, .flac, .mp3, .ogg, .opus), of LibriSpeech, LJSpeech, Common Voice or Kaldi, a list " +
  `of them (.jsonl, .json, .csv, .tsv), a .parquet file, or a known name: ${DEBIAN_SETS.join(", ")}`;

/**
 * The recordings at a path, by its contents; or of a set known by name, where no file or folder is called so. Nothing is
 * decoded yet.
 * @throws MissingFileError for no such path; DataError for one that cannot be read or holds no recordings.
 */
export async function openRecordings(path: string): Promise<RecordingSet> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return (await debianSpeech(path)) ?? missing(path);
  if (stats.isDirectory()) return inFolder(path);
  const start = await beginningOf(path);
  if (start === "PAR1") return parquetRecordings([path]);
  if (start === "PK\x03\x04" || start === "PK\x05\x06") return inPlace(await zipPlace(path));
  return inPlace(await folderPlace(dirname(path), [basename(path)]));
}

async function inFolder(path: string): Promise<RecordingSet> {
  const place = await folderPlace(path).catch((cause: Error) => unreadable(path, cause));
  const tables = place.names.filter((name) => /\.parquet$/i.test(name));
  const isTable = tables.length > 0 && !place.names.some(isSound);
  return isTable ? parquetRecordings(tables.map((name) => join(path, name))) : inPlace(place);
}

/** The first four bytes, each a character. */
async function beginningOf(path: string): Promise<string> {
  const file = await open(path).catch((cause: Error) => unreadable(path, cause));
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0).finally(() => file.close());
  return buffer.toString("latin1", 0, bytesRead);
}

async function inPlace(place: Place): Promise<RecordingSet> {
  for (const layout of LAYOUTS) {
    const listing = await layout(place);
    if (listing) return recordingsOf(place, listing);
  }
  throw new DataError(
    "there are no recordings",
    `${place.location} holds ${kindsOf(place.names) || "nothing"}`,
    `give ${ACCEPTED}; convert others, for example with ffmpeg -i IT.m4a IT.flac`,
  );
}

function missing(path: string): never {
  throw new MissingFileError(
    "there is no such file or folder of recordings",
    `${JSON.stringify(path)} from ${process.cwd()}`,
    `check the spelling and the folder you start from; give ${ACCEPTED}`,
  );
}

function unreadable(path: string, cause: Error): never {
  throw new DataError("the recordings cannot be read", `${path}: ${cause.message}`, "check its permissions", {
    cause,
  });
}
