import { DataError } from "../../files/errors.js";
import type { Split } from "./collection.js";
import { leftOutOf } from "./left-out.js";
import { splitNamed } from "./split-names.js";

/** Parts of a file's name that say which piece of a table it is, as the Hugging Face Hub writes them. */
const SHARD = /-\d{5}-of-\d{5}(-[0-9a-f]{16})?$/;

interface Table {
  readonly name: string;
  readonly split: Split | undefined;
  /** The folders on the way to it, apart from one that names its split. */
  readonly set: string;
}

export interface TableSplits {
  readonly splits: Readonly<Partial<Record<Split, readonly string[]>>>;
  readonly leftOut: readonly string[];
}

/**
 * Splits of tables by the name of the file or of a folder on the way, as in data/train-00000-of-00001.parquet and
 * default/train/0000.parquet. Where none is for training, those without a split are, or the only split that there is.
 * Of several sets, each in a folder, the one that lies in none, in data/ or in default/ is read.
 * @throws DataError for several others, and when there is nothing to learn from.
 */
export function splitTables(location: string, names: readonly string[]): TableSplits {
  const all = [...names].sort().map(tableOf);
  const sets = [...new Set(all.map(({ set }) => set))];
  const chosen =
    ["", "data", "default"].find((set) => sets.includes(set)) ?? (sets.length === 1 ? sets[0] : undefined);
  if (chosen === undefined) {
    throw new DataError(
      "there are several sets of images in one folder",
      `${location}: ${sets.join(", ")}`,
      "give the folder of one of them",
    );
  }
  const tables = all.filter(({ set }) => set === chosen);
  const trainsOn = tables.some(({ split }) => split === "train") ? "train" : undefined;
  const found = new Set(tables.map(({ split }) => split));
  const namesOf = (split: Split | undefined) =>
    tables.filter((table) => table.split === split).map(({ name }) => name);
  const others = all.filter(({ set, split }) => set !== chosen || (trainsOn && split === undefined));
  const leftOut = leftOutOf(
    "table",
    "beside those that are read",
    others.map(({ name }) => name),
  );
  if (found.size === 1) return { splits: { train: tables.map(({ name }) => name) }, leftOut };
  const [train, validation, test] = [namesOf(trainsOn), namesOf("validation"), namesOf("test")];
  if (train.length === 0) throw allHeldOut(location, tables);
  return {
    splits: { train, ...(validation.length > 0 && { validation }), ...(test.length > 0 && { test }) },
    leftOut,
  };
}

function tableOf(name: string): Table {
  const folders = name.split("/");
  const file = folders
    .pop()!
    .replace(/\.parquet$/i, "")
    .replace(SHARD, "");
  const own = splitNamed(file)?.split;
  if (own) return { name, split: own, set: folders.join("/") };
  const at = folders.findLastIndex((folder) => splitNamed(folder));
  const split = splitNamed(folders[at] ?? "")?.split;
  return { name, split, set: folders.filter((_, i) => i !== at).join("/") };
}

function allHeldOut(location: string, tables: readonly Table[]): DataError {
  return new DataError(
    "there are no images for training",
    `${location}: ${tables.map(({ name }) => name).join(", ")}`,
    "give a file whose name begins with train",
  );
}
