import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import { decodedPieces } from "../../files/utf8.js";
import { jsonlDocuments } from "../tables/jsonl.js";
import { parquetDocuments } from "../tables/parquet.js";
import { type Digest, digestOf, type SourceDocument } from "./document.js";
import { findFiles, type SourceFile } from "./find-files.js";
import { SeenHashes } from "./seen.js";

/** What to read, and which field of `.jsonl` rows and column of `.parquet` rows holds the text. */
export interface SourceOptions {
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

/** Distinct documents, and how many the latest reading has passed over so far. */
export interface DistinctDocuments extends AsyncIterable<DistinctDocument> {
  readonly passedOver: { duplicates: number; empty: number };
}

/**
 * The documents of the files, in the order of the files' paths; without those that hold no text or repeat
 * an earlier one exactly. A plain text file is one document, a row of a table is one. Memory use does not
 * grow with the size of the texts, and by at most 32 bytes a document.
 * @throws DataError, MissingFileError: see `findFiles`, `decodedPieces`, `jsonlDocuments`, `parquetDocuments`.
 */
export function documents(options: SourceOptions): DistinctDocuments {
  const passedOver = { duplicates: 0, empty: 0 };
  const read = async function* () {
    yield* distinct(allDocuments(await findFiles(options.files), options), passedOver);
  };
  return { passedOver, [Symbol.asyncIterator]: read };
}

/** Passes over empty documents and exact repetitions, counting them in `passedOver`. */
export async function* distinct(
  documents: AsyncIterable<SourceDocument>,
  passedOver: { duplicates: number; empty: number },
): AsyncGenerator<DistinctDocument> {
  const seen = new SeenHashes();
  Object.assign(passedOver, { duplicates: 0, empty: 0 });
  let index = 0;
  for await (const document of documents) {
    const digest = await digestOf(document);
    if (digest.bytes === 0) passedOver.empty++;
    else if (!seen.add(digest.hash)) passedOver.duplicates++;
    else yield { source: document.source, pieces: document.pieces, digest, index };
    index++;
  }
}

/** Every document of the files, also empty and repeated ones. */
export async function* allDocuments(
  files: SourceFile[],
  options: Pick<SourceOptions, "field" | "column">,
): AsyncGenerator<SourceDocument> {
  for (const file of files) {
    if (file.format === "jsonl") yield* jsonlDocuments(file, options.field ?? "text");
    else if (file.format === "parquet") yield* parquetDocuments(file, options.column ?? "text");
    else yield { source: file.path, pieces: () => textPieces(file) };
  }
}

async function* textPieces(file: SourceFile): AsyncGenerator<string> {
  let isEmpty = true;
  for await (const piece of decodedPieces(file.path, fileChunks(file.path, file.isGzip))) {
    isEmpty = false;
    yield piece;
  }
  if (isEmpty) throw new DataError("the file is empty", file.path, "remove it or fill it");
}
