import type { Split } from "./collection.js";

/** What Hugging Face's datasets takes for the name of a split. [datasets/data_files.py, SPLIT_KEYWORDS] */
const WORDS: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  eval: "test",
  evaluation: "test",
};
const FILLERS = new Set(["set", "split", "data", "images", "image", "imgs", "img", "pictures", "photos"]);

interface NamedSplit {
  readonly split: Split;
  /** The other words of the name, apart from those that say nothing. */
  readonly rest: string;
}

/** The split that a name of a folder or file speaks of, as in train, val2017, TestSet, seg_train, MNIST-test. */
export function splitNamed(name: string): NamedSplit | undefined {
  const words = name
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .map((word) => word.replace(/(?<=.)set$/, ""));
  const found = new Set(words.flatMap((word) => (Object.hasOwn(WORDS, word) ? [WORDS[word]] : [])));
  if (found.size !== 1) return undefined;
  const rest = words.filter((word) => word && !Object.hasOwn(WORDS, word) && !FILLERS.has(word));
  return { split: [...found][0], rest: rest.join(" ") };
}

/** Whether a folder's name says only that it holds images, or of which split. */
export function saysNothing(name: string): boolean {
  return FILLERS.has(name.toLowerCase()) || splitNamed(name)?.rest === "";
}

/**
 * The splits among folders that lie side by side, others of which are strays; undefined where they are none.
 * Splits are one for training and one held out whose names are alike but for that word (seg_train, seg_test); where
 * all folders name a split, they need not be. Alone, one for training is a split as well. So airplane, bus and
 * train stay classes.
 */
export function splitsAmong(folders: readonly string[]): ReadonlyMap<string, Split> | undefined {
  const named = folders.flatMap((folder) => {
    const found = splitNamed(folder);
    return found ? [{ folder, ...found }] : [];
  });
  const mapOf = (some: typeof named) => new Map(some.map(({ folder, split }) => [folder, split]));
  const trains = (some: typeof named) => some.some(({ split }) => split === "train");
  if (named.length === folders.length && trains(named)) return mapOf(named);
  for (const rest of new Set(named.map((one) => one.rest).sort())) {
    const alike = named.filter((one) => one.rest === rest);
    if (trains(alike) && new Set(alike.map(({ split }) => split)).size > 1) return mapOf(alike);
  }
  return undefined;
}
