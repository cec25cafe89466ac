import { createHash } from "node:crypto";
import { pauses, type Watching } from "../../core/watching.js";
import { type CheckedFile, readIndexFile, verifyFile } from "../../files/checked-file.js";
import { ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { AppendedFile } from "../appended-file.js";
import { type LeftOut, Reading } from "../reading.js";
import { AudioError } from "./audio.js";
import { decodeAudio } from "./decode.js";
import { countClipped, fromPcm16, toPcm16 } from "./pcm16.js";
import type { Recording } from "./recording.js";

/** What a run keeps of a recording beside its sound. */
export interface AudioExample {
  readonly id: string;
  /** How many. */
  readonly samples: number;
  readonly text?: string;
  readonly speaker?: string;
}

/** Recordings as one channel of one sample rate, read by number. */
export interface PreparedAudio {
  readonly sampleRate: number;
  readonly examples: readonly AudioExample[];
  /** Samples of example `i`, from -1 to 1: all, or `count` from `start` on. Throws `ShardError` outside. */
  read(i: number, start?: number, count?: number): Promise<Float32Array>;
}

/** What became of the recordings. */
export interface PreparedCounts {
  readonly kept: number;
  /** How many recordings go beyond -1 and 1 and are cut off there. */
  readonly clipped: number;
  readonly leftOut: readonly LeftOut[];
}

/** Progress is in recordings. */
export interface PreparedAudioOptions extends Watching {
  readonly sampleRate: number;
  /** Whether recordings that cannot be decoded end it, all of them in one error, or are left out. */
  readonly onCorrupt: "stop" | "skip";
  /** Longer ones are left out. Default: none. */
  readonly longestSeconds?: number;
  /** Hashes of recordings that are known: one of these is left out, and others are added. Default: each is kept. */
  readonly known?: Set<string>;
}

interface AudioIndex {
  readonly layout: string;
  readonly sampleRate: number;
  /** The samples, and a line on each example. */
  readonly files: readonly [CheckedFile, CheckedFile];
}

const LAYOUT = "autodidact audio 1";
const INDEX_FILE = "index.json";
const SAMPLES_FILE = "samples.bin";
const EXAMPLES_FILE = "examples.jsonl";
const SHORTEST_SECONDS = 0.1;
const CACHED_BYTES = 64 * 2 ** 20;
const SAMPLE_BYTES = Int16Array.BYTES_PER_ELEMENT;
const SHOWN = 3;

/**
 * Decodes recordings once, into whole numbers of 16 bits one after another in the sub-folder `name`, holding one of them
 * and some megabytes at a time. What stands there already is replaced; until the last write it does not count as
 * complete, and where it fails or is stopped nothing stays. Recordings shorter than 0.1 s are left out.
 * @throws AudioError for recordings that cannot be decoded, unless they are skipped; FolderError when the disk is full.
 */
export async function writePreparedAudio(
  folder: Folder,
  name: string,
  recordings: readonly Recording[],
  options: PreparedAudioOptions,
): Promise<PreparedCounts> {
  const target = folder.folder(name);
  await removePrepared(target);
  try {
    return await writeRecordings(target, recordings, options);
  } catch (error) {
    await removePrepared(target).catch(() => {}); // why it failed matters more
    throw error;
  }
}

/** The index goes first: half a set must never look complete. */
async function removePrepared(folder: Folder): Promise<void> {
  for (const file of [INDEX_FILE, SAMPLES_FILE, EXAMPLES_FILE]) await folder.remove(file);
}

async function writeRecordings(
  folder: Folder,
  recordings: readonly Recording[],
  options: PreparedAudioOptions,
): Promise<PreparedCounts> {
  const { sampleRate, onCorrupt, signal, onProgress } = options;
  const [samplesFile, examplesFile] = [SAMPLES_FILE, EXAMPLES_FILE].map(
    (file) => new AppendedFile(folder, file),
  );
  const reading = new Reading({ skipBad: true, signal });
  const corrupt: AudioError[] = [];
  const pause = pauses(signal);
  let [kept, clipped] = [0, 0];
  for (const [done, recording] of recordings.entries()) {
    await pause();
    const samples = await samplesOf(recording, options, reading, corrupt);
    onProgress?.(done + 1, recordings.length);
    // Once one is corrupt and all are to be sound, the others are only looked at.
    if (!samples || (corrupt.length > 0 && onCorrupt === "stop")) continue;
    const { id, text, speaker } = recording;
    const example = { id, offset: samplesFile.bytes / SAMPLE_BYTES, samples: samples.length, text, speaker };
    await examplesFile.add(new TextEncoder().encode(`${JSON.stringify(example)}\n`));
    await samplesFile.add(new Uint8Array(toPcm16(samples).buffer));
    kept++;
    clipped += Math.min(1, countClipped(samples));
  }
  if (corrupt.length > 0 && onCorrupt === "stop") throw allCorrupt(corrupt, recordings.length);
  const files = [await samplesFile.finish(), await examplesFile.finish()] as const;
  const index: AudioIndex = { layout: LAYOUT, sampleRate, files };
  await folder.write(INDEX_FILE, `${JSON.stringify(index, null, 2)}\n`);
  return { kept, clipped, leftOut: reading.leftOut };
}

/** The samples of a recording that is to be kept. */
async function samplesOf(
  { read, source }: Recording,
  { sampleRate, longestSeconds = Number.POSITIVE_INFINITY, known }: PreparedAudioOptions,
  reading: Reading,
  corrupt: AudioError[],
): Promise<Float32Array | undefined> {
  try {
    const bytes = await read();
    if (known && isKnown(known, bytes)) {
      reading.passOver("a recording is the same as another", source);
      return undefined;
    }
    const { samples } = await decodeAudio(bytes, source, { sampleRate });
    const seconds = samples.length / sampleRate;
    if (seconds >= SHORTEST_SECONDS && seconds <= longestSeconds) return samples;
    const [is, limit] =
      seconds < SHORTEST_SECONDS ? ["shorter", SHORTEST_SECONDS] : ["longer", longestSeconds];
    reading.passOver(`a recording is ${is} than ${limit} s`, `${source}: ${seconds.toFixed(2)} s`);
  } catch (error) {
    if (!(error instanceof AudioError)) throw error;
    reading.refuse(error);
    corrupt.push(error);
  }
}

function isKnown(known: Set<string>, bytes: Uint8Array): boolean {
  const key = createHash("sha256").update(bytes).digest("hex");
  const isOne = known.has(key);
  known.add(key);
  return isOne;
}

function allCorrupt(errors: readonly AudioError[], total: number): AudioError {
  const [first] = errors;
  if (errors.length === 1) return first;
  const shown = errors.slice(0, SHOWN).map(({ what, values }) => `${values} (${what})`);
  const more = errors.length > SHOWN ? [`${errors.length - SHOWN} more`] : [];
  return new AudioError(
    `${errors.length} of ${total} recordings cannot be used`,
    [...shown, ...more].join(", "),
    first.advice,
  );
}

/**
 * Opens prepared recordings after checking size and checksum of their files. Up to 64 MiB stay in memory.
 * @throws ShardError when they are missing, incomplete or damaged.
 */
export async function openPreparedAudio(folder: Folder, name: string): Promise<PreparedAudio> {
  const target = folder.folder(name);
  const { sampleRate, files } = await readIndexFile(target, indexFile);
  const [samplesFile, examplesFile] = files;
  const kept = samplesFile.bytes <= CACHED_BYTES ? new Uint8Array(samplesFile.bytes) : undefined;
  await verifyFile(target, samplesFile, kept);
  const lines = new Uint8Array(examplesFile.bytes);
  await verifyFile(target, examplesFile, lines);
  const placed = new TextDecoder().decode(lines).split("\n").slice(0, -1).map(parsedExample);
  const read = async (i: number, start = 0, count?: number) => {
    const { offset, samples } = placed[i] ?? outside(target, i, placed.length);
    const end = count === undefined ? samples : start + count;
    if (!(start >= 0 && start <= end && end <= samples)) throw beyond(target, i, [start, end], samples);
    const bytes = new Uint8Array((end - start) * SAMPLE_BYTES);
    const first = (offset + start) * SAMPLE_BYTES;
    if (kept) bytes.set(kept.subarray(first, first + bytes.length));
    else await target.readInto(SAMPLES_FILE, first, bytes);
    return fromPcm16(new Int16Array(bytes.buffer));
  };
  return { sampleRate, examples: placed.map(({ offset: _, ...example }) => example), read };
}

/** A line that we wrote, as its checksum says. */
function parsedExample(line: string): AudioExample & { readonly offset: number } {
  return JSON.parse(line);
}

const indexFile = {
  file: INDEX_FILE,
  isIndex,
  missing: "there are no complete prepared recordings",
  lists: "recordings",
};

function isIndex(value: unknown): value is AudioIndex {
  const index = value as AudioIndex | null;
  if (index?.layout !== LAYOUT || !Array.isArray(index.files)) return false;
  const [samples, examples] = index.files;
  const numbers = [index.sampleRate, samples?.bytes, examples?.bytes];
  const areThere = samples?.file === SAMPLES_FILE && examples?.file === EXAMPLES_FILE;
  return areThere && numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
}

function outside(folder: Folder, i: number, count: number): never {
  throw new ShardError(
    "a recording lies outside the set",
    `recording ${i} of ${count} in ${folder.location}`,
    "read inside [0, examples.length)",
  );
}

function beyond(folder: Folder, i: number, [start, end]: readonly number[], samples: number): ShardError {
  return new ShardError(
    "samples lie outside their recording",
    `${start} to ${end} of ${samples}, recording ${i} in ${folder.location}`,
    "read inside [0, samples]",
  );
}
