import type { Split } from "./collection.js";

/** A picture's name and its class, -1 for none. */
export interface PlacedName {
  readonly name: string;
  readonly label: number;
}

export interface Layout {
  readonly classes: readonly string[];
  readonly splits: Readonly<Record<Split, readonly PlacedName[]>>;
}

const SPLITS = ["train", "test", "val", "valid", "validation"];

/**
 * Classes and splits by name: [train/ or test/] [class/] ... picture. Splits are seen where every top folder
 * is train, test or one of validation's names, in any case, the last of which are left alone. One outer folder
 * is passed over where all pictures lie in folders inside it. The first folder after that is the class, classes
 * sorted by code unit; a picture without is -1.
 */
export function layoutOf(names: readonly string[]): Layout {
  const outer = outerFolder(names);
  const paths = names.map((name) => ({ name, path: name.slice(outer.length) }));
  const hasSplits = areSplits(paths.map(({ path }) => path));
  const part = (split: Split) => {
    if (!hasSplits) return split === "train" ? paths : [];
    const inside = paths.filter(({ path }) => topFolder(path)?.toLowerCase() === split);
    return inside.map(({ name, path }) => ({ name, path: path.slice(split.length + 1) }));
  };
  const [train, test] = [part("train"), part("test")];
  const found = [...train, ...test].map(({ path }) => topFolder(path)).filter((name) => name !== undefined);
  const classes = [...new Set(found)].sort();
  const labels = new Map(classes.map((name, label) => [name, label]));
  const placed = (list: typeof train) =>
    list.map(({ name, path }) => ({ name, label: labels.get(topFolder(path) ?? "") ?? -1 }));
  return { classes, splits: { train: placed(train), test: placed(test) } };
}

/** The one folder, with its slash, that holds folders with everything, unless it is train; else "". */
function outerFolder(names: readonly string[]): string {
  const outer = /^[^/]+\//.exec(names[0] ?? "")?.[0] ?? "";
  if (!names.every((name) => name.startsWith(outer))) return "";
  const inner = names.map((name) => name.slice(outer.length));
  return !areSplits(names) && inner.every((path) => path.includes("/")) ? outer : "";
}

function areSplits(paths: readonly string[]): boolean {
  const tops = new Set(paths.map((path) => topFolder(path)?.toLowerCase()));
  return tops.has("train") && [...tops].every((top) => top !== undefined && SPLITS.includes(top));
}

function topFolder(path: string): string | undefined {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : undefined;
}
