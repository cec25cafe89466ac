/** Finds things in pictures: their boxes, drawn or counted where that is wanted. */
import type { Detection } from "../../../data/detection/boxes.js";
import { drawBoxes } from "../../../data/detection/draw-boxes.js";
import { GenerationError } from "../../../generation/errors.js";
import type { Saved } from "../../images/kinds/saved.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import type { Detecting } from "./options.js";
import { isVideo, type LookedAt, look } from "./pictures.js";

/** What is in one picture, in its own pixels, surest first. */
interface DetectedPicture extends Pick<LookedAt, "file" | "time" | "width" | "height"> {
  readonly boxes: readonly (Omit<Detection, "label"> & { readonly label: string })[];
}

/** The boxes of each picture, as they are found; throws what `look` throws when all that can be read is told. */
export async function* detectIn(
  named: Named<Saved<"detector">>,
  { inputs, wanted }: Pick<UseRequest, "inputs" | "wanted">,
  options: Detecting,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { classes } = saved;
  const drawnEnding = wanted && wanted.ending !== ".csv" ? wanted.ending : undefined;
  if (drawnEnding && !wanted?.each && (inputs.length > 1 || inputs.some(isVideo))) {
    throw severalPictures(inputs.length);
  }
  const nameOf = fileNames();
  const results: DetectedPicture[] = [];
  const told = function* (): Generator<Output> {
    if (wanted?.ending === ".csv") {
      yield { kind: "file", name: "counts.csv", bytes: countsTable(results, classes) };
    }
    const lines = results.map(({ file, boxes }) => `${file}: ${inWords(countsOf(boxes, classes), classes)}`);
    if (results.length > 0) yield { kind: "figures", figures: { results }, text: lines.join("\n") };
  };
  try {
    for await (const { bytes, found, ...picture } of look(saved, inputs, options, around)) {
      results.push({ ...picture, boxes: found.map((box) => ({ ...box, label: classes[box.label] })) });
      if (!drawnEnding) continue;
      const form = drawnEnding === ".png" ? "png" : "jpeg";
      const drawn = await drawBoxes(bytes, picture.file, found, classes, form);
      yield { kind: "file", name: nameOf(picture.file, drawnEnding), bytes: drawn };
    }
  } catch (error) {
    yield* told();
    throw error;
  }
  yield* told();
}

function severalPictures(files: number): GenerationError {
  return new GenerationError(
    "several pictures cannot be drawn into one file",
    files > 1 ? `${files} pictures` : "the frames of a video",
    "give a folder, such as --out drawn/",
  );
}

/** A name for what is drawn of each picture, though pictures of several folders may be called the same. */
function fileNames(): (path: string, ending: string) => string {
  const taken = new Map<string, number>();
  return (path, ending) => {
    const stem = path
      .split(/[\\/]/)
      .at(-1)!
      .replace(/\.[^.]+$/, "");
    const number = (taken.get(stem) ?? 0) + 1;
    taken.set(stem, number);
    return `${stem}${number > 1 ? `-${number}` : ""}${ending}`;
  };
}

/** Of each class, in their order. */
function countsOf(boxes: DetectedPicture["boxes"], classes: readonly string[]): number[] {
  return classes.map((name) => boxes.filter(({ label }) => label === name).length);
}

function inWords(counts: readonly number[], classes: readonly string[]): string {
  const some = classes.flatMap((name, i) => (counts[i] > 0 ? [`${counts[i]} ${name}`] : []));
  return some.join(", ") || "nothing";
}

/** A line for each picture, a column for each class. */
function countsTable(results: readonly DetectedPicture[], classes: readonly string[]): Uint8Array {
  const rows = [
    ["file", ...classes],
    ...results.map(({ file, boxes }) => [file, ...countsOf(boxes, classes).map(String)]),
  ];
  return csvTable(rows);
}

/** RFC 4180, section 2. */
export function csvTable(rows: readonly (readonly string[])[]): Uint8Array {
  const field = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return new TextEncoder().encode(rows.map((row) => `${row.map(field).join(",")}\r\n`).join(""));
}
