import { posix } from "node:path";
import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import { csvRows } from "./csv.js";
import { labelColumns } from "./label-column.js";
import { leftOutOf } from "./left-out.js";

export interface PictureLabels {
  /** The class of pictures by their names; undefined where no file has a column of classes. */
  readonly labels: ReadonlyMap<string, string> | undefined;
  readonly leftOut: readonly string[];
}

/** Whether a file describes the pictures beside it, as Hugging Face's imagefolder has it. */
export function isMetadata(name: string): boolean {
  return /(^|\/)metadata\.(csv|jsonl)$/i.test(name);
}

/**
 * Classes in `metadata.csv` and `metadata.jsonl`: `file_name`, relative to the file, and a column of classes; see
 * `labelColumns`. They take the place of folders. [https://huggingface.co/docs/datasets/image_dataset]
 * @throws DataError for a damaged file and one without `file_name`.
 */
export async function labelsInMetadata(
  files: readonly string[],
  pictures: readonly string[],
  read: (name: string) => Promise<Uint8Array>,
): Promise<PictureLabels> {
  if (files.length === 0) return { labels: undefined, leftOut: [] };
  const labels = new Map<string, string>();
  const known = new Map(pictures.map((name) => [name.normalize("NFC"), name]));
  const nowhere: string[] = [];
  const leftOut: string[] = [];
  for (const file of files) {
    const records = recordsOf(file, new TextDecoder().decode(await read(file)));
    const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
    const [column] = labelColumns(columns);
    if (column === undefined)
      leftOut.push(`${file}: no column of it is called label (${columns.join(", ")})`);
    for (const record of records) {
      const path = posix.join(posix.dirname(file), fileName(record, file));
      const name = known.get(path.normalize("NFC"));
      if (name === undefined) nowhere.push(path);
      const label = column === undefined ? undefined : record[column];
      if (name !== undefined && label !== undefined && label !== null && label !== "") {
        labels.set(name, `${label}`);
      }
    }
  }
  leftOut.push(...leftOutOf("line", "of metadata without their picture", nowhere));
  if (labels.size === 0) return { labels: undefined, leftOut };
  const without = pictures.filter((name) => !labels.has(name)).length;
  if (without > 0) leftOut.push(`the class of ${counted(without, "picture")} that metadata does not name`);
  return { labels, leftOut };
}

function recordsOf(file: string, text: string): Record<string, unknown>[] {
  try {
    if (/\.jsonl$/i.test(file)) {
      return text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [jsonRecord(line, i + 1)]));
    }
    const [header = [], ...rows] = csvRows(text);
    return rows.map((row) => Object.fromEntries(header.map((column, i) => [column.trim(), row[i]])));
  } catch (cause) {
    throw new DataError(
      "a file on the pictures cannot be read",
      `${file}: ${(cause as Error).message}`,
      "correct it, or move it elsewhere",
      { cause },
    );
  }
}

function jsonRecord(line: string, number: number): Record<string, unknown> {
  const found = `line ${number} is no JSON record: ${line.slice(0, 80)}`;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (cause) {
    throw new Error(found, { cause });
  }
  if (typeof record === "object" && record !== null && !Array.isArray(record)) return { ...record };
  throw new Error(found);
}

function fileName(record: Record<string, unknown>, file: string): string {
  const name = record.file_name;
  if (typeof name === "string") return name;
  throw new DataError(
    "a file on the pictures does not name them",
    `${file} has the columns ${Object.keys(record).join(", ")}, not file_name`,
    "call the column of their paths file_name, or the file otherwise than metadata",
  );
}
