/** Lists of recordings with named columns: JSON Lines, CSV and TSV. */
import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import { csvRows } from "../images/csv.js";
import { leftOutOf } from "../images/left-out.js";
import { type Listing, type Row, splitOf } from "./listing.js";
import { linesOf, type Place, textOf } from "./place.js";

/** What columns are called; the first that is there counts. */
export const COLUMNS = {
  path: ["audio_filepath", "audio_path", "audio", "path", "file_name", "filename", "file", "wav"],
  text: ["text", "sentence", "transcript", "transcription", "normalized_text"],
  speaker: ["speaker", "speaker_id", "client_id", "spk"],
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** The column of a kind among those that are there. */
export function columnNamed(kind: keyof typeof COLUMNS, columns: readonly string[]): string | undefined {
  return COLUMNS[kind].find((name) => columns.includes(name));
}

/**
 * Lists in .jsonl, .json, .csv and .tsv files that name recordings; see `COLUMNS`. Other such files are passed over.
 * Values of a .tsv have no quotes, those of a .csv may. Where a list is for training, its name and those of others say
 * the split.
 * @throws DataError for a line that is no JSON object, for an open quote, and for parts of longer recordings.
 */
export async function manifests(place: Place): Promise<Listing | undefined> {
  const rows: Row[] = [];
  const others: string[] = [];
  const pathless: string[] = [];
  for (const list of place.names.filter((name) => /\.(jsonl?|csv|tsv)$/i.test(name))) {
    const records = await recordsIn(place, list);
    const columns = Object.keys(records[0] ?? {});
    if (columnNamed("path", columns) === undefined) others.push(list);
    else {
      for (const [i, record] of records.entries()) {
        const row = rowOf(record, list, `${place.location}/${list}, record ${i + 1}`);
        if (row) rows.push(row);
        else pathless.push(`${list}, record ${i + 1}`);
      }
    }
  }
  if (rows.length === 0) return undefined;
  const leftOut = [
    ...leftOutOf("record", "without a path of a recording", pathless),
    ...leftOutOf("list", "without a column of recordings", others),
  ];
  return { layout: "a list of recordings", rows, leftOut };
}

async function recordsIn(place: Place, list: string): Promise<Fields[]> {
  const source = `${place.location}/${list}`;
  if (/\.jsonl?$/i.test(list)) return jsonRecords(await linesOf(place, list), source);
  const table = /\.tsv$/i.test(list)
    ? (await linesOf(place, list)).filter((line) => line !== "").map((line) => line.split("\t"))
    : csvTable(await textOf(place, list), source);
  const [header = [], ...rows] = table;
  return rows.map((row) => Object.fromEntries(header.map((column, i) => [column.trim(), row[i]])));
}

/** A .json file is a list where its first line is a record; others hold one value over many lines. */
function jsonRecords(lines: readonly string[], source: string): Fields[] {
  const isOther = /\.json$/i.test(source) && fieldsIn(lines[0]) === undefined;
  if (isOther) return [];
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const fields = fieldsIn(line);
    if (fields) return [fields];
    throw new DataError(
      "a line of a list is no JSON object",
      `${source}:${i + 1}: ${line.slice(0, 60)}`,
      'write each as {"audio": path, "text": what is said}',
    );
  });
}

function fieldsIn(line: string): Fields | undefined {
  try {
    const value = parseJson(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function csvTable(text: string, source: string): string[][] {
  try {
    return csvRows(text);
  } catch (cause) {
    throw new DataError(
      "a list of recordings cannot be read",
      `${source}: ${(cause as Error).message}`,
      "write values with quotes as CSV does, doubled inside of quotes",
      { cause },
    );
  }
}

function rowOf(record: Fields, list: string, source: string): Row | undefined {
  const value = (kind: keyof typeof COLUMNS) => record[columnNamed(kind, Object.keys(record)) ?? ""];
  const audio = value("path");
  const path = typeof audio === "object" && audio !== null ? (audio as Fields).path : audio;
  if (typeof path !== "string" || path === "") return undefined;
  if (Number(record.offset ?? 0) > 0) throw cutOut(`${source}: ${path} from ${record.offset} s`);
  const [text, speaker] = [value("text"), value("speaker")];
  return {
    path,
    list,
    text: typeof text === "string" ? text : undefined,
    speaker: speaker === undefined || speaker === null ? undefined : `${speaker}`,
    split: splitOf(list),
  };
}

function cutOut(found: string): DataError {
  return new DataError(
    "parts of longer recordings are not read",
    found,
    "cut them into a file each, with ffmpeg -ss START -t SECONDS for example",
  );
}
