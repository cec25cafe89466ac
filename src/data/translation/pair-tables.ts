/** Pairs as rows of tables: TSV, JSON Lines, Parquet. */
import { parquetSchema } from "hyparquet";
import { DataError } from "../../files/errors.js";
import type { Reading } from "../reading.js";
import { jsonlRows } from "../tables/jsonl.js";
import { numberedLines } from "../tables/numbered-lines.js";
import { parquetRows } from "../tables/parquet.js";
import type { SourceFile } from "../text/find-files.js";
import { isLanguage, languagesInName } from "./languages.js";
import type { TextRow } from "./pair.js";

/** Where the texts stand in a line, and what they are called. */
type Columns = ReadonlyMap<string, number>;

const UNNAMED = ["source", "target"] as const;

/**
 * Lines of two columns and more, without quotes. The first may name them by languages; else the first two are read, or
 * the second and fourth of Tatoeba's exports, whose others are numbers, in the languages of the file's name. Lines of
 * one column are refused by the reading. [tatoeba.org/downloads; manythings.org/anki]
 */
export async function* tsvRows(file: SourceFile<string>, reading: Reading): AsyncGenerator<TextRow> {
  reading.beginFile(file);
  let columns: Columns | undefined;
  for await (const { text, source } of numberedLines(file, reading)) {
    if (text === undefined) continue;
    const cells = text.split("\t");
    if (columns === undefined) {
      columns = namedColumns(cells);
      if (columns) continue;
      columns = placedColumns(cells, languagesInName(file.path) ?? UNNAMED);
      if (cells.length > 2) reading.passOver("further columns are not read", source);
    }
    const texts = textsAt(columns, cells);
    if (texts) yield { texts, origin: source };
    else if (text.trim() === "") reading.passOver("a line is blank", source);
    else reading.refuse(tooFew(text, source));
  }
}

function namedColumns(cells: readonly string[]): Columns | undefined {
  const named = [...cells.entries()].flatMap(([i, cell]): [string, number][] =>
    isName(cell.trim()) ? [[cell.trim(), i]] : [],
  );
  return new Set(named.map(([name]) => name)).size > 1 ? new Map(named) : undefined;
}

function isName(cell: string): boolean {
  return UNNAMED.some((name) => name === cell) || (cell === cell.toLowerCase() && isLanguage(cell));
}

function placedColumns(cells: readonly string[], [source, target]: readonly string[]): Columns {
  const isNumbered = cells.length >= 4 && /^\d+$/.test(cells[0]) && /^\d+$/.test(cells[2]);
  const [first, second] = isNumbered ? [1, 3] : [0, 1];
  return new Map([
    [source, first],
    [target, second],
  ]);
}

function textsAt(columns: Columns, cells: readonly string[]): Record<string, string> | undefined {
  const texts: Record<string, string> = {};
  for (const [name, i] of columns) {
    if (i >= cells.length) return undefined;
    texts[name] = cells[i];
  }
  return texts;
}

function tooFew(line: string, source: string): DataError {
  return new DataError(
    "a line has too few columns",
    `${source}: ${line.slice(0, 60)}`,
    "write each as source, tab, target",
  );
}

/** Rows {"translation": {"en": ..., "de": ...}} as on the Hugging Face Hub, or with a field for each language. */
export async function* jsonPairRows(file: SourceFile<string>, reading: Reading): AsyncGenerator<TextRow> {
  for await (const { value, source } of jsonlRows(file, reading))
    yield { texts: textsOf(value), origin: source };
}

/** The same in Parquet: a column of structures, or a column for each language. */
export async function* parquetPairRows(file: SourceFile<string>, reading: Reading): AsyncGenerator<TextRow> {
  const columnsOf = (metadata: Parameters<typeof parquetSchema>[0]) => {
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    return names.includes("translation") ? ["translation"] : names;
  };
  for await (const { value, source } of parquetRows(file, columnsOf, reading)) {
    yield { texts: textsOf(value), origin: source };
  }
}

/** Fields that hold texts; null is an empty one. */
function textsOf(value: Readonly<Record<string, unknown>>): Record<string, string> {
  const inner = value.translation;
  const holder = typeof inner === "object" && inner !== null ? inner : value;
  const texts = Object.entries(holder).map(([name, text]) => [name, text ?? ""] as const);
  return Object.fromEntries(texts.filter(([, text]) => typeof text === "string"));
}
