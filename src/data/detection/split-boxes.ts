import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import { heldOutKeys } from "../held-out-keys.js";
import type { Split } from "../images/collection.js";
import type { BoxedPicture } from "./boxes.js";

/** A picture, and what its split is decided by. */
export interface SplittablePicture {
  readonly picture: BoxedPicture;
  /** The set's own, where it says one. */
  readonly split: Split | undefined;
  /** Pictures that look the same are of one group. */
  readonly group: number;
}

/** Pictures to learn from, to choose by, and to tell by in the end. */
export interface BoxSplits {
  readonly train: readonly BoxedPicture[];
  readonly validation: readonly BoxedPicture[];
  readonly test?: readonly BoxedPicture[];
}

/**
 * The set's own splits where it has one to learn from and another, its test standing in where there is no validation; else
 * pictures that look the same are on one side, and what is held out depends on the seed and the names alone. `remarks`
 * says which, and what is left out or on both sides.
 * @throws DataError where nothing can be held out.
 */
export function splitBoxes(
  pictures: readonly SplittablePicture[],
  { validationFraction, seed }: { readonly validationFraction: number; readonly seed: number },
): { splits: BoxSplits; remarks: string[] } {
  const own = new Set(pictures.map(({ split }) => split));
  if (own.has("train") && (own.has("validation") || own.has("test"))) return ownSplits(pictures);
  const names = groupNames(pictures);
  const sizes = new Map<string, number>();
  for (const name of names) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  if (sizes.size < 2) throw tooFew(pictures.length, sizes.size);
  const held = heldOutKeys(sizes, pictures.length * validationFraction, seed);
  const those = (isHeld: boolean) =>
    pictures.filter((_, i) => held.has(names[i]) === isHeld).map(({ picture }) => picture);
  const splits = { train: those(false), validation: those(true) };
  const how = `validation is ${splits.validation.length} of ${counted(pictures.length, "picture")}, chosen by the seed`;
  const alike = pictures.length - sizes.size;
  const together = alike > 0 ? [`${counted(alike, "picture")} that look like another are on its side`] : [];
  return { splits, remarks: [how, ...together] };
}

function ownSplits(pictures: readonly SplittablePicture[]): { splits: BoxSplits; remarks: string[] } {
  const those = (split: Split | undefined) => pictures.filter((one) => one.split === split);
  const [train, validation, test, none] = [
    those("train"),
    those("validation"),
    those("test"),
    those(undefined),
  ];
  const remarks = [
    validation.length > 0
      ? "splits are the set's own"
      : "splits are the set's own; its test split is for validation, for which it has none",
  ];
  if (none.length > 0) {
    remarks.push(
      `${counted(none.length, "picture")} in none of the set's splits, such as ${none[0].picture.name}`,
    );
  }
  const groups = new Map(train.map(({ group, picture }) => [group, picture.name]));
  const both = [...validation, ...test].filter(({ group }) => groups.has(group));
  if (both.length > 0) {
    const [{ picture, group }] = both;
    remarks.push(
      `${counted(both.length, "held-out picture")} that look like one of training, ` +
        `such as ${picture.name} like ${groups.get(group)}: numbers will be too good`,
    );
  }
  const [first, second] = validation.length > 0 ? [validation, test] : [test, []];
  const picturesOf = (some: readonly SplittablePicture[]) => some.map(({ picture }) => picture);
  return {
    splits: {
      train: picturesOf(train),
      validation: picturesOf(first),
      ...(second.length > 0 && { test: picturesOf(second) }),
    },
    remarks,
  };
}

/** Each picture's group by the name of its least picture. */
function groupNames(pictures: readonly SplittablePicture[]): string[] {
  const names = new Map<number, string>();
  for (const { picture, group } of pictures) {
    const known = names.get(group);
    if (known === undefined || picture.name < known) names.set(group, picture.name);
  }
  return pictures.map(({ group }) => names.get(group)!);
}

function tooFew(pictures: number, groups: number): DataError {
  return new DataError(
    "there are too few pictures to learn from some and hold out others",
    `${counted(pictures, "picture")} with boxes, ${groups} that look different`,
    "give two different pictures at least",
  );
}
