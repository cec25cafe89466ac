import { counted } from "../../core/quantities.js";
import type { Box, BoxedPicture } from "./boxes.js";
import type { BoxSplits } from "./split-boxes.js";

/** A shorter side of so many pixels at the model's input is hardly ever found at a stride of 8. */
const TINY = 8;
const SHOWN = 5;
const PERCENT = 100;

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Sentences on a set: how much there is, of which classes, where, and how small at the model's input. */
export function remarksOn(classes: readonly string[], splits: BoxSplits, size: Size): string[] {
  const { train, validation, test = [] } = splits;
  const all = [...train, ...validation, ...test];
  if (all.length === 0) return [];
  const boxes = boxesOf(all).filter(({ ignored }) => !ignored);
  const empty = all.filter((picture) => picture.boxes.length === 0).length;
  const ignored = boxesOf(all).length - boxes.length;
  const tiny = all.reduce((sum, picture) => sum + tinyIn(picture, size), 0);
  return [
    `${counted(all.length, "picture")} with ${counted(boxes.length, "box")}`.replace(/boxs$/, "boxes") +
      `: ${train.length} to learn from, ${validation.length} for validation, ${test.length} for testing`,
    `boxes of each class: ${sharesOf(classes, boxes)}`,
    ...(empty > 0 ? [`${counted(empty, "picture")} of background, without boxes`] : []),
    ...(ignored > 0 ? [`${ignored} ignored: crowds, or difficult to see`] : []),
    ...unseenIn(classes, splits),
    ...(tiny > 0
      ? [
          `${percent(tiny, boxes.length)} of the boxes are less than ${TINY} pixels wide or high at ` +
            `${size.width} x ${size.height}, and hardly to be found: enlarge the size, or cut pictures into tiles`,
        ]
      : []),
  ];
}

function boxesOf(pictures: readonly BoxedPicture[]): Box[] {
  return pictures.flatMap(({ boxes }) => boxes);
}

/** The most frequent classes with their shares. */
function sharesOf(classes: readonly string[], boxes: readonly Box[]): string {
  const counts = classes.map((name, label) => ({
    name,
    count: boxes.filter((box) => box.label === label).length,
  }));
  counts.sort((a, b) => b.count - a.count);
  const shown = counts.slice(0, SHOWN).map(({ name, count }) => {
    return `${name} ${count.toLocaleString("en")} (${percent(count, boxes.length)})`;
  });
  const more = counts.length > SHOWN ? [`${counts.length - SHOWN} more classes`] : [];
  return [...shown, ...more].join(", ");
}

function unseenIn(classes: readonly string[], { train, validation, test = [] }: BoxSplits): string[] {
  const labelsOf = (pictures: readonly BoxedPicture[]) =>
    new Set(boxesOf(pictures).map(({ label }) => label));
  const [learned, held] = [labelsOf(train), labelsOf([...validation, ...test])];
  const named = (isWanted: (label: number) => boolean) => classes.filter((_, label) => isWanted(label));
  const unlearned = named((label) => !learned.has(label) && held.has(label));
  const nowhere = named((label) => !learned.has(label) && !held.has(label));
  return [
    ...(unlearned.length > 0
      ? [`held-out pictures alone have boxes of ${unlearned.join(", ")}: none will be found`]
      : []),
    ...(nowhere.length > 0 ? [`nowhere is a box of ${nowhere.join(", ")}`] : []),
  ];
}

function tinyIn({ width, height, boxes }: BoxedPicture, size: Size): number {
  const [across, down] = [size.width / width, size.height / height];
  const isTiny = ({ left, top, right, bottom }: Box) =>
    Math.min((right - left) * across, (bottom - top) * down) < TINY;
  return boxes.filter((box) => !box.ignored && isTiny(box)).length;
}

function percent(part: number, all: number): string {
  return `${Number(((PERCENT * part) / Math.max(1, all)).toPrecision(2))} %`;
}
