import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../../files/errors.js";
import { readable } from "../tables/readable.js";
import { AudioError, orSkip } from "./audio.js";
import { splitOf, written } from "./listing.js";
import { columnNamed } from "./manifest.js";
import type { Recording, RecordingSet } from "./recording.js";

interface Table {
  readonly path: string;
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  /** The column {bytes, path}. */
  readonly audio: string;
  readonly text: string | undefined;
  readonly speaker: string | undefined;
}

/**
 * Recordings in Parquet as on the Hugging Face Hub: a column {bytes, path}, and columns of text and speaker by their names
 * (see `COLUMNS`). The names of files say the split, as in train-00000-of-00001.parquet. One row group's sound is in memory
 * at a time.
 * @throws DataError for a damaged file, and for one without sound or rows.
 */
export async function parquetRecordings(paths: readonly string[]): Promise<RecordingSet> {
  const recordings: Recording[] = [];
  for (const path of paths) {
    for (const recording of await recordingsIn(await openTable(path))) recordings.push(recording);
  }
  if (recordings.length === 0)
    throw new DataError("there are no recordings", `${paths.join(", ")}: no rows`, "give a table with rows");
  return { layout: "Parquet", recordings, leftOut: [] };
}

async function openTable(path: string): Promise<Table> {
  const buffer = await readable(path, () => asyncBufferFromFile(path));
  const metadata = await readable(path, () => parquetMetadataAsync(buffer));
  const columns = parquetSchema(metadata).children;
  const names = columns.map(({ element }) => element.name);
  const audio = columns.find(({ children }) => children.some((child) => child.element.name === "bytes"));
  if (audio) {
    const [text, speaker] = [columnNamed("text", names), columnNamed("speaker", names)];
    return { path, buffer, metadata, audio: audio.element.name, text, speaker };
  }
  throw new DataError(
    "the table has no column of sound",
    `${path} has: ${names.join(", ")}`,
    "give a column {bytes, path} as on the Hugging Face Hub",
  );
}

async function recordingsIn(table: Table): Promise<Recording[]> {
  const { path, metadata, text, speaker } = table;
  const columns = [text, speaker].filter((name) => name !== undefined);
  const rows = columns.length > 0 ? await rowsOf(table, columns, 0, Number(metadata.num_rows)) : [];
  const split = splitOf(path);
  const soundOf = soundReader(table);
  return Array.from({ length: Number(metadata.num_rows) }, (_, i): Recording => {
    const said = stringOf(rows[i]?.[text ?? ""]);
    const who = stringOf(rows[i]?.[speaker ?? ""]);
    return {
      id: `${path}:${i + 1}`,
      source: `${path}, row ${i + 1}`,
      ...(said && { text: said }),
      ...(who && { speaker: who }),
      ...(split && { split }),
      read: () => soundOf(i),
    };
  });
}

function stringOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : written(`${value}`);
}

/** Reads a row's sound; the row group of the last one asked for is kept. */
function soundReader(table: Table): (row: number) => Promise<Uint8Array> {
  let kept: { readonly start: number; readonly rows: Promise<Record<string, unknown>[]> } | undefined;
  return async (row) => {
    const [start, end] = groupAround(table.metadata, row);
    if (kept?.start !== start) kept = { start, rows: rowsOf(table, [table.audio], start, end) };
    const cell = (await kept.rows)[row - start][table.audio];
    const bytes = (cell as { bytes?: unknown } | null)?.bytes;
    if (bytes instanceof Uint8Array) return bytes;
    const advice = `embed the sound in the table, ${orSkip}`;
    throw new AudioError("a row holds no sound", `${table.path}, row ${row + 1}: no bytes`, advice);
  };
}

/** The rows [start, end) of the row group. */
function groupAround({ row_groups }: FileMetaData, row: number): [number, number] {
  let end = 0;
  for (const { num_rows } of row_groups) {
    const start = end;
    end += Number(num_rows);
    if (row < end) return [start, end];
  }
  return [row, row + 1];
}

function rowsOf(
  { path, buffer: file, metadata, text, speaker }: Table,
  columns: string[],
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  const isText = columns.every((column) => column === text || column === speaker);
  const options = { file, metadata, columns, rowStart, rowEnd, compressors, utf8: isText };
  return readable(`${path}, rows ${rowStart + 1} to ${rowEnd}`, () => parquetReadObjects(options));
}
