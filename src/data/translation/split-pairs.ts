import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import { heldOutKeys } from "../held-out-keys.js";
import type { Pair } from "./pair.js";
import { sentenceKey } from "./sentence-key.js";

/** Pairs to learn from, to validate with and to test with. */
export interface SplitPairs {
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  readonly test: readonly Pair[];
  /** Which split it is and why, for the log. */
  readonly how: string;
}

/** What a split is by when the set has none: shares of the pairs, together below 1. */
interface SplitOptions {
  readonly validationFraction: number;
  /** Default 0: none. */
  readonly testFraction?: number;
  readonly seed: number;
}

type Part = "train" | "validation" | "test";

/**
 * The set's own splits where it has them (its test, where it has no validation); else by page where all pairs have one, of
 * three at least, without what is held out and repeats a source of training; else by sentence: pairs that share a source
 * or a target, but for case, numbers and spacing, are on one side. What is held out depends on the seed and the texts,
 * not on the order, and is at most the share asked for, unless one page or sentence already is more.
 * @throws DataError when there are too few pairs.
 */
export function splitPairs(pairs: readonly Pair[], options: SplitOptions): SplitPairs {
  const own = ownSplits(pairs);
  if (own) return own;
  const pages = new Set(pairs.map(({ page }) => page));
  return pages.size >= 3 && !pages.has(undefined) ? byPage(pairs, options) : bySentence(pairs, options);
}

function ownSplits(pairs: readonly Pair[]): SplitPairs | undefined {
  const those = (part: Part) => pairs.filter(({ split }) => split === part);
  const [learned, validation, test] = [those("train"), those("validation"), those("test")];
  if (learned.length === 0 || validation.length + test.length === 0) return undefined;
  const train = pairs.filter(({ split }) => split === "train" || split === undefined);
  const how = `validation and test are the set's own splits`;
  if (validation.length === 0) {
    const told = `validation is the set's own test split, which has no other`;
    return { train, validation: test, test: [], how: `${told}: ${shareOf([test], pairs)}` };
  }
  return { train, validation, test, how: `${how}: ${shareOf([validation, test], pairs)}` };
}

function byPage(pairs: readonly Pair[], options: SplitOptions): SplitPairs {
  const pages = pairs.map(({ page }) => page ?? "");
  const { train, validation, test } = partsBy(pages, pairs, options);
  const learned = new Set(train.map(({ source }) => sentenceKey(source)));
  const isNew = ({ source }: Pair) => !learned.has(sentenceKey(source));
  const held = [validation, test].map((part) => part.filter(isNew));
  const repeated = validation.length + test.length - held[0].length - held[1].length;
  const how =
    `validation and test are pages of their own, ${shareOf(held, pairs)}; ` +
    `${counted(repeated, "pair")} of these pages left out, whose source is in training`;
  return { train, validation: held[0], test: held[1], how };
}

function bySentence(pairs: readonly Pair[], options: SplitOptions): SplitPairs {
  const parts = partsBy(sentenceGroups(pairs), pairs, options);
  const held = shareOf([parts.validation, parts.test], pairs);
  return { ...parts, how: `validation and test are by sentence, so that none is on both sides: ${held}` };
}

/** For each pair the name of its group: those that share a source or a target, also through others. */
function sentenceGroups(pairs: readonly Pair[]): string[] {
  const parents = new Map<string, string>();
  const rootOf = (key: string): string => {
    let root = key;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    for (let at = key; at !== root; ) {
      const next = parents.get(at) as string;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  const sources = pairs.map(({ source }) => `source ${sentenceKey(source)}`);
  for (const [i, { target }] of pairs.entries()) {
    const roots = [rootOf(sources[i]), rootOf(`target ${sentenceKey(target)}`)].sort();
    if (roots[0] !== roots[1]) parents.set(roots[1], roots[0]);
  }
  return sources.map(rootOf);
}

function partsBy(
  keys: readonly string[],
  pairs: readonly Pair[],
  { validationFraction, testFraction = 0, seed }: SplitOptions,
): Record<Part, Pair[]> {
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  const parts = testFraction > 0 ? 3 : 2;
  if (sizes.size < parts) throw tooFew(pairs.length, sizes.size, parts);
  const validation = heldOutKeys(sizes, pairs.length * validationFraction, seed);
  for (const key of validation) sizes.delete(key);
  const test = parts === 3 ? heldOutKeys(sizes, pairs.length * testFraction, seed) : new Set<string>();
  const split: Record<Part, Pair[]> = { train: [], validation: [], test: [] };
  for (const [i, pair] of pairs.entries()) {
    const part = validation.has(keys[i]) ? "validation" : test.has(keys[i]) ? "test" : "train";
    split[part].push(pair);
  }
  if (split.train.length === 0) throw tooFew(pairs.length, sizes.size, parts);
  return split;
}

function tooFew(pairs: number, groups: number, parts: number): DataError {
  return new DataError(
    "there are too few pairs to learn from some and hold out others",
    `${counted(pairs, "pair")} of ${counted(groups, "sentence")} that have none in common`,
    `give ${parts} different sentences at least`,
  );
}

function shareOf(held: readonly (readonly Pair[])[], all: readonly Pair[]): string {
  const [validation, test] = held.map(({ length }) => length.toLocaleString("en"));
  const of = counted(all.length, "pair");
  return held[1]?.length > 0 ? `${validation} and ${test} of ${of}` : `${validation} of ${of}`;
}
