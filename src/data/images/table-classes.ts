import { DataError } from "../../files/errors.js";
import { className } from "./class-name.js";
import type { Split } from "./collection.js";
import { knownClasses } from "./held-out-classes.js";

/** More are no classes, but numbers of rows or users: an array of as many names may not fit the memory. */
const MAX_CLASSES = 100_000;
/** The label of a row that is not read. */
export const LEFT_OUT = -2;

/** The column of classes of one file. */
export interface LabelColumn {
  readonly path: string;
  readonly split: Split;
  readonly values: readonly unknown[];
}

export interface TableClasses {
  readonly classes: readonly string[];
  /** The class of each row of each file: -1 for none, `LEFT_OUT` for one that is not read. */
  readonly labels: readonly Int32Array[];
  readonly leftOut: readonly string[];
}

/**
 * Classes of a column's values: indices of `names` where there are some, else strings in the order of code units,
 * false and true, or whole numbers counted from 0 as far as training has them. null, NaN, "" and -1 are no class.
 * A column of other numbers holds none.
 * @throws DataError for numbers outside of the names, and for ones too high to count.
 */
export function classesOf(
  columns: readonly LabelColumn[],
  name: string,
  names: readonly string[] | undefined,
): TableClasses {
  const values = columns.map((column) => column.values.map((value, row) => plainValue(value, column, row)));
  const labels = values.map((rows) => new Int32Array(rows.length).fill(-1));
  if (values.some((rows) => rows.some((value) => typeof value === "number" && !Number.isInteger(value)))) {
    return { classes: [], labels, leftOut: [`the column ${name}: its numbers are not whole`] };
  }
  const classes = names?.map(className) ?? counted(columns, values);
  const numbers = new Map(classes.map((one, label) => [one, label]));
  const leftOut: string[] = [];
  for (const split of ["train", "validation", "test"] as const) {
    const items = columns.flatMap((column, file) => {
      if (column.split !== split) return [];
      return values[file].map((value, row) => ({ file, row, class: nameOf(value, names, column, row) }));
    });
    const known = knownClasses(split, items, classes);
    if (known.kept.length < items.length) for (const { file, row } of items) labels[file][row] = LEFT_OUT;
    for (const { file, row, class: found } of known.kept) labels[file][row] = numbers.get(found ?? "") ?? -1;
    leftOut.push(...known.leftOut);
  }
  return { classes, labels, leftOut };
}

type Value = string | number | boolean | undefined;

/** The classes that the training rows have. */
function counted(columns: readonly LabelColumn[], values: readonly (readonly Value[])[]): string[] {
  const isKind = (kind: string) =>
    values.every((rows) => rows.every((value) => value === undefined || typeof value === kind));
  const training = new Set(values.flatMap((rows, i) => (columns[i].split === "train" ? rows : [])));
  training.delete(undefined);
  if (training.size === 0) return [];
  if (isKind("boolean")) return ["false", "true"];
  if (!isKind("number")) return [...training].map((value) => `${value}`).sort();
  let largest = 0;
  for (const value of training) largest = Math.max(largest, Number(value));
  requireCountable(columns, values);
  return Array.from({ length: largest + 1 }, (_, i) => `${i}`);
}

function requireCountable(columns: readonly LabelColumn[], values: readonly (readonly Value[])[]): void {
  for (const [i, { path, values: found }] of columns.entries()) {
    const row = values[i].findIndex((value) => Number(value) >= MAX_CLASSES);
    if (row < 0) continue;
    throw new DataError(
      "a label is too high to be the number of a class",
      `${path}, row ${row}: label ${found[row]}, with at most ${MAX_CLASSES} classes`,
      "number the classes from 0, or name them in the metadata as a ClassLabel",
    );
  }
}

function plainValue(value: unknown, { path }: LabelColumn, row: number): Value {
  if (value === null || value === undefined || value === "" || Number.isNaN(value)) return undefined;
  if (typeof value === "string") return className(value);
  if (value instanceof Uint8Array) return className(new TextDecoder().decode(value)) || undefined;
  if (typeof value === "boolean") return value;
  const number = Number(value);
  if (number === -1) return undefined;
  if (number >= 0 || !Number.isInteger(number)) return number;
  throw outside(`${path}, row ${row}: label ${value}, below 0`);
}

function nameOf(
  value: Value,
  names: readonly string[] | undefined,
  { path, values }: LabelColumn,
  row: number,
): string | undefined {
  if (value === undefined || names === undefined || typeof value === "string") {
    return value === undefined ? undefined : `${value}`;
  }
  const found = names[Number(value)];
  if (found !== undefined) return className(found);
  throw outside(`${path}, row ${row}: label ${values[row]}, with ${names.length} classes`);
}

function outside(found: string): DataError {
  return new DataError(
    "a label is outside of the classes",
    found,
    "correct the column, or the names in the metadata",
  );
}
