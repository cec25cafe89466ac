import { basename } from "node:path";
import { DataError } from "../../files/errors.js";
import { splitNamed } from "../images/split-names.js";
import { describeLeftOut, Reading, type ReadingOptions } from "../reading.js";
import { findFilesOf, kindsByEnding, type SourceFile } from "../text/find-files.js";
import { alignedRows, type FilesByLanguage, filesOfLanguages, findAligned } from "./aligned-files.js";
import { Pairing, type PairLanguages } from "./languages.js";
import { moRows } from "./mo.js";
import { PACKAGED_SETS, packagedRows } from "./packaged-sets.js";
import type { Pair, PairSet, TextRow } from "./pair.js";
import { jsonPairRows, parquetPairRows, tsvRows } from "./pair-tables.js";
import { poRows } from "./po.js";
import { tmxRows } from "./tmx.js";

/** Which languages are wanted, and what bad rows do. Progress is in bytes. */
export interface PairOptions extends PairLanguages, ReadingOptions {}

type ReadRows = (file: SourceFile<string>, reading: Reading) => AsyncGenerator<TextRow>;

const KINDS = kindsByEnding({
  ".tsv": "TSV",
  ".jsonl": "JSON Lines",
  ".parquet": "Parquet",
  ".tmx": "TMX",
  ".po": "PO",
  ".mo": "MO",
});
type PairFormat = NonNullable<ReturnType<typeof KINDS.formatOf>>;

const READERS: Readonly<Record<PairFormat, ReadRows>> = {
  TSV: tsvRows,
  "JSON Lines": jsonPairRows,
  Parquet: parquetPairRows,
  TMX: tmxRows,
  PO: poRows,
  MO: moRows,
};
const ALIGNED = "aligned files";

/**
 * The pairs of files, all in memory: names, folders and globs of .tsv, .jsonl, .parquet, .tmx, .po and .mo, also .gz;
 * two files whose lines belong together, as `train.{en,de}` or {"en": "train.en", "de": "train.de"}; folders of packages,
 * or their names (`PACKAGED_SETS`). The names of files say the split, as in val.en-de.tsv. Texts are as they are written:
 * see `cleanPairs`.
 * @throws DataError for rows and files that cannot be used, see `ReadingOptions`, for languages that are not said, and
 * where there are no pairs; MissingFileError where nothing is there.
 */
export async function openPairs(
  files: string | readonly string[] | FilesByLanguage,
  options: PairOptions = {},
): Promise<PairSet> {
  const reading = new Reading(options);
  const sources = await sourcesOf(files, options, reading);
  const pairing = new Pairing(options);
  const pairs: Pair[] = [];
  let lacking = "";
  for (const { rows } of sources) {
    for await (const row of rows) {
      const pair = pairing.pairOf(row);
      if (pair) pairs.push(pair);
      else {
        lacking = `${row.origin} has: ${Object.keys(row.texts).join(", ") || "none"}`;
        reading.passOver("a text is not there in both languages", row.origin);
      }
    }
  }
  reading.finish(pairs.length);
  const leftOut = describeLeftOut(reading.leftOut);
  if (pairs.length === 0) throw noPairs(lacking || leftOut.join("; ") || "files without rows");
  const layout = [...new Set(sources.map((source) => source.layout))].join(", ");
  const [{ sourceLanguage, targetLanguage }] = pairs;
  return { pairs, sourceLanguage, targetLanguage, layout, leftOut };
}

interface Source {
  readonly layout: string;
  readonly rows: AsyncGenerator<TextRow>;
}

async function sourcesOf(
  files: string | readonly string[] | FilesByLanguage,
  options: PairOptions,
  reading: Reading,
): Promise<Source[]> {
  const isList = (value: typeof files): value is readonly string[] => Array.isArray(value);
  const given = typeof files === "string" ? [files] : isList(files) ? files : [files];
  const sources: Source[] = [];
  let found: { readonly bytes: number }[] = [];
  const plain: string[] = [];
  for (const one of given) {
    const byLanguage = typeof one === "string" ? filesOfLanguages(one) : one;
    const packaged = typeof one === "string" ? await packagedRows(one, options, reading) : undefined;
    if (byLanguage) {
      for (const aligned of await findAligned(byLanguage, reading)) {
        sources.push({ layout: ALIGNED, rows: alignedRows(aligned, reading) });
        found = [...found, ...aligned.map(([, file]) => file)];
      }
    } else if (packaged) sources.push(packaged);
    else if (typeof one === "string") plain.push(one);
  }
  if (plain.length > 0 || given.length === 0) {
    const tables = await findFilesOf(KINDS, plain, reading);
    found = [...found, ...tables];
    sources.push(...tables.map((file) => ({ layout: file.format, rows: splitRows(file, reading) })));
  }
  reading.begin(found);
  return sources;
}

async function* splitRows(file: SourceFile<PairFormat>, reading: Reading): AsyncGenerator<TextRow> {
  const split = splitNamed(basename(file.path))?.split;
  for await (const row of READERS[file.format](file, reading)) yield split ? { ...row, split } : row;
}

function noPairs(found: string): DataError {
  return new DataError(
    "there are no pairs",
    found,
    `give ${KINDS.supported}; two files of lines as train.{en,de}; or a name: ${PACKAGED_SETS.join(", ")}`,
  );
}
