import { stat } from "node:fs/promises";
import { randomKey, threefry2x32, type Words } from "../../core/random.js";
import type { Watching } from "../../core/watching.js";
import { DataError } from "../../files/errors.js";
import { describeLeftOut, type LeftOut, Reading } from "../reading.js";
import { markedPieces, type Piece, type SourceDocument, slicedTexts } from "./document.js";
import { findFiles, type SourceFile } from "./find-files.js";
import { distinct, documentsOf, type SourceOptions, sourceDocuments } from "./sources.js";

/** What to read and how to split it. */
export interface CorpusOptions extends SourceOptions {
  /** The share kept apart to measure on, in [0, 1). Default 0.1. */
  readonly validationFraction?: number;
  readonly seed: number;
}

/** What reading the corpus through once found. */
export interface CorpusStats {
  readonly files: number;
  /** Documents kept; `duplicates` and `empty` were passed over. */
  readonly documents: number;
  readonly duplicates: number;
  readonly empty: number;
  /** Files and rows that are not among the documents: empty files, other kinds of files, with `skipBad` bad ones. */
  readonly leftOut: readonly LeftOut[];
  /** UTF-8 bytes and UTF-16 code units of the documents kept. */
  readonly bytes: number;
  readonly codeUnits: number;
  /** Documents in each split; a single document counts in both, as each holds a part of it. */
  readonly trainDocuments: number;
  readonly validationDocuments: number;
}

/**
 * A text corpus in two splits. Each stream can be read again and again, and reads from disk each time: all files, with
 * a signal and a progress of its own.
 */
export interface Corpus {
  readonly stats: CorpusStats;
  /** Changes whenever a text, the order of texts or the split changes. */
  readonly fingerprint: string;
  /** The documents to learn from, in order. */
  train(watching?: Watching): AsyncIterable<Piece>;
  /** The documents that are held out, in order. */
  validation(watching?: Watching): AsyncIterable<Piece>;
  /** The documents of both splits, in order. */
  all(watching?: Watching): AsyncIterable<Piece>;
}

enum Split {
  None = 0,
  Train = 1,
  Validation = 2,
}

/**
 * Reads a corpus through once to check it, find repetitions and split it.
 *
 * A document's split depends on the seed and its own text alone, so adding files moves no other document;
 * should that leave a split empty, the document nearest to the border goes there. A corpus of one document
 * is cut instead: of its n UTF-16 code units the first floor((1 - validationFraction) n) are for training
 * (one less where that would cut a surrogate pair), the rest for validation.
 * @throws DataError for bad data, see `ReadingOptions`, for a corpus without text, and for a file that changes between
 * readings.
 */
export async function openCorpus(options: CorpusOptions): Promise<Corpus> {
  const fraction = options.validationFraction ?? 0.1;
  if (!(fraction >= 0 && fraction < 1)) {
    throw new DataError("the validation fraction is no share", `${fraction}`, "give a number in [0, 1)");
  }
  const reading = new Reading(options);
  const files = await findFiles(options.files, reading);
  const survey = await surveyOf(files, options, fraction, reading);
  const stream = (split?: Split, watching?: Watching) =>
    piecesOf(files, { ...options, signal: undefined, onProgress: undefined, ...watching }, survey, split);
  return {
    stats: statsOf(files, survey),
    fingerprint: survey.fingerprint.map((word) => word.toString(16).padStart(8, "0")).join(""),
    train: (watching) => stream(Split.Train, watching),
    validation: (watching) => stream(Split.Validation, watching),
    all: (watching) => stream(undefined, watching),
  };
}

/** What one reading found: the split of each document by its number, and where a single document is cut. */
interface Survey {
  splits: Uint8Array;
  documents: number;
  validationDocuments: number;
  bytes: number;
  codeUnits: number;
  passedOver: { duplicates: number; empty: number };
  leftOut: readonly LeftOut[];
  fingerprint: [number, number];
  cut?: number;
}

async function surveyOf(
  files: SourceFile[],
  options: CorpusOptions,
  fraction: number,
  reading: Reading,
): Promise<Survey> {
  const key = randomKey(options.seed, "validation split");
  const passedOver = { duplicates: 0, empty: 0 };
  let splits = new Uint8Array(1024);
  const survey = { documents: 0, validationDocuments: 0, bytes: 0, codeUnits: 0 };
  let fingerprint = threefry2x32(key, [Math.floor(fraction * 2 ** 32), 0]);
  const lowest = { draw: Number.POSITIVE_INFINITY, index: -1 };
  const highest = { draw: Number.NEGATIVE_INFINITY, index: -1 };
  reading.begin(files);
  const documents = sourceDocuments(files, options, reading);
  for await (const { index, digest } of distinct(documents, passedOver, reading)) {
    if (index >= splits.length) splits = grown(splits, index);
    const draw = splitDraw(key, digest.hash);
    splits[index] = draw < fraction ? Split.Validation : Split.Train;
    survey.documents++;
    survey.validationDocuments += draw < fraction ? 1 : 0;
    survey.bytes += digest.bytes;
    survey.codeUnits += digest.codeUnits;
    fingerprint = threefry2x32(fingerprint, digest.hash);
    if (draw < lowest.draw) Object.assign(lowest, { draw, index });
    if (draw > highest.draw) Object.assign(highest, { draw, index });
  }
  reading.finish(survey.documents);
  const found: Survey = { ...survey, splits, passedOver, leftOut: reading.leftOut, fingerprint };
  if (fraction > 0) fillSplits(found, lowest.index, highest.index, fraction);
  requireText(files, found);
  return found;
}

/** The document's own draw in [0, 1): below the validation fraction it is for validation. */
function splitDraw(key: Words, hash: Words): number {
  return threefry2x32(key, hash)[0] / 2 ** 32;
}

function fillSplits(survey: Survey, lowest: number, highest: number, fraction: number): void {
  if (survey.documents === 1) {
    survey.cut = Math.floor((1 - fraction) * survey.codeUnits);
  } else if (survey.validationDocuments === 0 && survey.documents > 1) {
    survey.splits[lowest] = Split.Validation;
    survey.validationDocuments = 1;
  } else if (survey.validationDocuments === survey.documents && survey.documents > 1) {
    survey.splits[highest] = Split.Train;
    survey.validationDocuments--;
  }
}

function grown(splits: Uint8Array<ArrayBuffer>, index: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(2 * splits.length, index + 1));
  larger.set(splits);
  return larger;
}

function requireText(files: SourceFile[], { documents, passedOver, leftOut }: Survey): void {
  if (documents > 0) return;
  const found = [`${files.length} files with ${passedOver.empty} empty rows`, ...describeLeftOut(leftOut)];
  throw new DataError(
    "the corpus holds no text",
    found.join("; "),
    "fill the files, or check that the right field or column is named",
  );
}

function statsOf(files: SourceFile[], survey: Survey): CorpusStats {
  const { documents, bytes, codeUnits, passedOver, leftOut, validationDocuments, cut } = survey;
  const isCut = cut !== undefined;
  return {
    files: files.length,
    documents,
    ...passedOver,
    leftOut,
    bytes,
    codeUnits,
    trainDocuments: isCut ? 1 : documents - validationDocuments,
    validationDocuments: isCut ? 1 : validationDocuments,
  };
}

async function* piecesOf(
  files: SourceFile[],
  options: CorpusOptions,
  survey: Survey,
  split?: Split,
): AsyncGenerator<Piece> {
  const reading = new Reading(options);
  reading.begin(files);
  let index = 0;
  for (const file of files) {
    await requireUnchanged(file);
    for await (const document of documentsOf(file, options, reading)) {
      const own = survey.splits[index++] ?? Split.None;
      if (own === Split.None) continue;
      if (survey.cut !== undefined) yield* partOf(document, survey.cut, split);
      else if (split === undefined || split === own) yield* markedPieces(document.source, document.pieces());
    }
  }
  reading.finish(survey.documents);
}

function partOf(document: SourceDocument, cut: number, split?: Split): AsyncGenerator<Piece> {
  const start = split === Split.Validation ? cut : 0;
  const end = split === Split.Train ? cut : Number.POSITIVE_INFINITY;
  return markedPieces(document.source, slicedTexts(document.pieces(), start, end));
}

async function requireUnchanged(file: SourceFile): Promise<void> {
  const now = await stat(file.path).catch(() => undefined);
  if (now?.size === file.bytes && now.mtimeMs === file.modifiedMs) return;
  throw new DataError(
    "a file of the corpus changed while it was in use",
    `${file.path}: ${file.bytes} bytes when opened, ${now === undefined ? "gone" : `${now.size} bytes`} now`,
    "leave the files alone while training, or start again",
  );
}
