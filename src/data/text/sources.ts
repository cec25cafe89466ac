import { fileChunks } from "../../files/bytes.js";
import { decodedPieces } from "../../files/utf8.js";
import { type LeftOut, Reading, type ReadingOptions } from "../reading.js";
import { jsonlDocuments } from "../tables/jsonl.js";
import { parquetDocuments } from "../tables/parquet.js";
import { type Digest, digestOf, type SourceDocument } from "./document.js";
import { findFiles, type SourceFile } from "./find-files.js";
import { SeenHashes } from "./seen.js";

/** What to read, and which field of `.jsonl` rows and column of `.parquet` rows holds the text. */
export interface SourceOptions extends ReadingOptions {
  /** Files, folders and globs of .txt, .md, .jsonl and .parquet, each also .gz. */
  readonly files: string | string[];
  /** Default "text". */
  readonly field?: string;
  /** Default "text". */
  readonly column?: string;
}

/** A document that no earlier one repeats, with its number among all documents, repeated or not. */
export interface DistinctDocument extends SourceDocument {
  readonly index: number;
  readonly digest: Digest;
}

/** Documents, and what the latest reading has left out so far. */
export interface Documents<D extends SourceDocument = SourceDocument> extends AsyncIterable<D> {
  readonly leftOut: readonly LeftOut[];
}

/** Distinct documents, and how many the latest reading has passed over so far. */
export interface DistinctDocuments extends Documents<DistinctDocument> {
  readonly passedOver: { duplicates: number; empty: number };
}

/**
 * The documents of the files, in the order of the files' paths; without those that hold no text or repeat
 * an earlier one exactly. A plain text file is one document, a row of a table is one. Memory use does not
 * grow with the size of the texts, and by at most 32 bytes a document.
 * @throws DataError for files and rows that cannot be used, see `ReadingOptions`; MissingFileError: see `findFiles`.
 */
export function documents(options: SourceOptions): DistinctDocuments {
  const passedOver = { duplicates: 0, empty: 0 };
  let reading = new Reading(options);
  const read = async function* () {
    reading = new Reading(options);
    const files = await findFiles(options.files, reading);
    reading.begin(files);
    let kept = 0;
    for await (const document of distinct(sourceDocuments(files, options, reading), passedOver, reading)) {
      kept++;
      yield document;
    }
    reading.finish(kept);
  };
  return {
    passedOver,
    get leftOut() {
      return reading.leftOut;
    },
    [Symbol.asyncIterator]: read,
  };
}

/**
 * Passes over empty documents and exact repetitions, counting them in `passedOver`, and over those that `reading`
 * refuses. Nothing comes any more once a bad one has stopped the reading.
 */
export async function* distinct(
  documents: AsyncIterable<SourceDocument>,
  passedOver: { duplicates: number; empty: number },
  reading: Reading,
): AsyncGenerator<DistinctDocument> {
  const seen = new SeenHashes();
  Object.assign(passedOver, { duplicates: 0, empty: 0 });
  let index = -1;
  for await (const document of documents) {
    index++;
    const digest = await digestOf(document).catch((error) => reading.refuse(error));
    if (!digest || reading.isStopped) continue;
    if (digest.bytes === 0 && document.isFile) reading.passOver("the file is empty", document.source);
    else if (digest.bytes === 0) passedOver.empty++;
    else if (!seen.add(digest.hash)) passedOver.duplicates++;
    else yield { source: document.source, pieces: document.pieces, digest, index };
  }
}

/**
 * Every document of the files, also empty rows and repeated ones. Text files are read through before they are given.
 * @throws DataError for files and rows that cannot be used, see `ReadingOptions`.
 */
export function allDocuments(files: SourceFile[], options: Omit<SourceOptions, "files"> = {}): Documents {
  let reading = new Reading(options);
  const read = async function* () {
    reading = new Reading(options);
    reading.begin(files);
    let kept = 0;
    for await (const document of sourceDocuments(files, options, reading)) {
      if ((document.isFile && !(await isSound(document, reading))) || reading.isStopped) continue;
      kept++;
      yield document;
    }
    reading.finish(kept);
  };
  return {
    get leftOut() {
      return reading.leftOut;
    },
    [Symbol.asyncIterator]: read,
  };
}

async function isSound(document: SourceDocument, reading: Reading): Promise<boolean> {
  let isEmpty = true;
  try {
    for await (const _ of document.pieces()) isEmpty = false;
  } catch (error) {
    reading.refuse(error);
    return false;
  }
  if (isEmpty) reading.passOver("the file is empty", document.source);
  return !isEmpty;
}

/** Every document of the files. A text file's pieces throw where it is bad; rows have been checked by the reading. */
export async function* sourceDocuments(
  files: SourceFile[],
  options: Pick<SourceOptions, "field" | "column">,
  reading: Reading,
): AsyncGenerator<SourceDocument> {
  for (const file of files) yield* documentsOf(file, options, reading);
}

/** The documents of one file. */
export async function* documentsOf(
  file: SourceFile,
  { field = "text", column = "text" }: Pick<SourceOptions, "field" | "column">,
  reading: Reading,
): AsyncGenerator<SourceDocument> {
  if (file.format === "jsonl") yield* jsonlDocuments(file, field, reading);
  else if (file.format === "parquet") yield* parquetDocuments(file, column, reading);
  else {
    reading.beginFile(file);
    const chunks = () => fileChunks(file.path, file.isGzip, (bytes) => reading.advance(bytes));
    yield { source: file.path, pieces: () => decodedPieces(file.path, chunks()), isFile: true };
  }
}
