import { DataError } from "../../files/errors.js";
import { className } from "./class-name.js";
import type { Split } from "./collection.js";
import { knownClasses } from "./held-out-classes.js";
import { leftOutOf } from "./left-out.js";
import { saysNothing, splitNamed, splitsAmong } from "./split-names.js";

/** A picture's name and its class, -1 for none. */
export interface PlacedName {
  readonly name: string;
  readonly label: number;
}

export interface Layout {
  readonly classes: readonly string[];
  /** Of a split that is not there: undefined. */
  readonly splits: Readonly<Partial<Record<Split, readonly PlacedName[]>>> & {
    readonly train: readonly PlacedName[];
  };
  readonly leftOut: readonly string[];
}

/** A picture, and what is left of its path once outer folders and that of its split are passed over. */
interface Place {
  readonly name: string;
  readonly path: string;
}

interface ClassedName {
  readonly name: string;
  readonly class: string | undefined;
}

type Parts = Partial<Record<Split, readonly Place[]>> & { readonly train: readonly Place[] };

/**
 * Classes and splits by name: [split/] [class/] ... picture; see `splitsAmong` for the folders that are splits. A
 * lone folder is passed over, outside of a split and inside, while all pictures lie in folders inside it. The first
 * folder after that is the class, in Unicode's composed form, sorted by code unit; a picture without is -1. `labels`, by
 * name, take the place of the folders. What lies beside splits is left out, and so are held-out pictures of classes that
 * training never sees; where none of their classes is known they are kept without. [class/] [split/] is read as well.
 * @throws DataError for folders that are all held out.
 */
export function layoutOf(names: readonly string[], labels?: ReadonlyMap<string, string>): Layout {
  const { parts, leftOut } = partsOf(names.map((name) => ({ name, path: name })));
  const classed = (part: readonly Place[]) =>
    part.map(({ name, path }): ClassedName => {
      const label = labels ? labels.get(name) : topFolder(path);
      return { name, class: label === undefined ? undefined : className(label) };
    });
  const train = classed(parts.train);
  const found = new Set(train.map((one) => one.class));
  const classes = [...found].filter((name) => name !== undefined).sort();
  const numbers = new Map(classes.map((name, label) => [name, label]));
  const placed = (part: readonly ClassedName[]) =>
    part.map((one) => ({ name: one.name, label: numbers.get(one.class ?? "") ?? -1 }));
  const heldOut: Partial<Record<Split, readonly PlacedName[]>> = {};
  for (const split of ["validation", "test"] as const) {
    if (parts[split] === undefined) continue;
    const known = knownClasses(split, classed(parts[split]), classes);
    heldOut[split] = placed(known.kept);
    leftOut.push(...known.leftOut);
  }
  return { classes, splits: { train: placed(train), ...heldOut }, leftOut };
}

function partsOf(all: readonly Place[]): { parts: Parts; leftOut: string[] } {
  const { places, strays } = arranged(unwrapped(all, (tops) => splitsAmong(tops) === undefined));
  const splits = splitsAmong(topsOf(places)) ?? trainAlone(places);
  if (splits === undefined) {
    requireTraining(places);
    return { parts: { train: places }, leftOut: [] };
  }
  const parts: Partial<Record<Split, Place[]>> & { train: Place[] } = { train: [] };
  const folders = byFolder(places);
  for (const [folder, split] of splits) {
    parts[split] = [...(parts[split] ?? []), ...insideSplit(folders.get(folder)!)];
  }
  const beside = [...strays, ...places.filter(({ path }) => !splits.has(topFolder(path) ?? ""))];
  const where = `beside ${[...splits.keys()].map((folder) => `${folder}/`).join(", ")}`;
  const names = beside.map(({ name }) => name);
  return { parts, leftOut: leftOutOf("picture", where, names) };
}

/** With the splits outermost: they may lie in one of the folders, the rest being strays, or in each class's. */
function arranged(places: readonly Place[]): { places: readonly Place[]; strays: readonly Place[] } {
  if (holdsSplits(places)) return { places, strays: [] };
  const folders = byFolder(places);
  const holders = [...folders].filter(([, inside]) => holdsSplits(inside));
  if (holders.length === 1) {
    const [[holder, inside]] = holders;
    return { places: inside, strays: places.filter(({ path }) => topFolder(path) !== holder) };
  }
  if (holders.length === 0 || holders.length < folders.size) return { places, strays: [] };
  const swapped = places.map(({ name, path }) => {
    const [top, second, ...rest] = path.split("/");
    return { name, path: rest.length === 0 ? path : [second, top, ...rest].join("/") };
  });
  return { places: swapped, strays: [] };
}

function holdsSplits(places: readonly Place[]): boolean {
  return (splitsAmong(topsOf(places))?.size ?? 0) > 1;
}

/** `train` beside other folders is a split where it alone holds folders, two at least. */
function trainAlone(places: readonly Place[]): ReadonlyMap<string, Split> | undefined {
  const folders = byFolder(places);
  const named = [...folders.keys()].filter((folder) => splitNamed(folder)?.rest === "");
  const [train] = named;
  if (named.length !== 1 || splitNamed(train)?.split !== "train") return undefined;
  const inside = folders.get(train)!;
  const areClasses = topsOf(inside).length > 1 && inside.every(({ path }) => path.includes("/"));
  const isOnlyOne = [...folders].every(
    ([folder, others]) => folder === train || !others.some(({ path }) => path.includes("/")),
  );
  return areClasses && isOnlyOne ? new Map([[train, "train"]]) : undefined;
}

function requireTraining(places: readonly Place[]): void {
  const tops = topsOf(places);
  const splits = new Set(tops.map((top) => splitNamed(top)?.split));
  if (splits.size < 2 || splits.has(undefined)) return;
  throw new DataError(
    "all pictures are held out, none are there to learn from",
    tops.map((top) => `${top}/`).join(", "),
    "put those to learn from into a folder train/ beside them",
  );
}

/** What lies in a split's folder, without folders that hold everything; a last one may say only that it holds images. */
function insideSplit(places: readonly Place[]): readonly Place[] {
  const inner = unwrapped(places, () => true);
  const [folder, ...others] = topsOf(inner);
  const isAll = folder !== undefined && others.length === 0 && inner.every(({ path }) => path.includes("/"));
  return isAll && saysNothing(folder) ? inner.map(withoutTop) : inner;
}

/** Without the lone folders, one inside the other, that hold folders with everything. */
function unwrapped(
  places: readonly Place[],
  isWrapper: (tops: readonly string[]) => boolean,
): readonly Place[] {
  const tops = topsOf(places);
  const isLone = tops.length === 1 && places.every(({ path }) => path.split("/").length > 2);
  return isLone && isWrapper(tops) ? unwrapped(places.map(withoutTop), isWrapper) : places;
}

/** What lies in each folder; paths begin inside. */
function byFolder(places: readonly Place[]): Map<string, Place[]> {
  const folders = new Map<string, Place[]>();
  for (const place of places) {
    const top = topFolder(place.path);
    if (top === undefined) continue;
    const inside = folders.get(top);
    if (inside) inside.push(withoutTop(place));
    else folders.set(top, [withoutTop(place)]);
  }
  return folders;
}

function topsOf(places: readonly Place[]): string[] {
  const tops = new Set(places.map(({ path }) => topFolder(path)));
  return [...tops].filter((top) => top !== undefined);
}

function withoutTop({ name, path }: Place): Place {
  return { name, path: path.slice(path.indexOf("/") + 1) };
}

function topFolder(path: string): string | undefined {
  const end = path.indexOf("/");
  return end < 0 ? undefined : path.slice(0, end);
}
