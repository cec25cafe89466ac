/** Which pictures somebody should label next, with what a detector finds in them as a beginning. */
import { annotationFiles } from "../../../data/detection/write-boxes.js";
import { byUncertainty } from "../../../generation/detection/suggest.js";
import { GenerationError } from "../../../generation/errors.js";
import type { Saved } from "../../images/kinds/saved.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { firstThreshold } from "../found.js";
import type { Suggesting } from "./options.js";
import { defaultsOf, look } from "./pictures.js";

/** What is nearly found says how unsure a model is. */
const leastScore = 0.05;

/**
 * The pictures, those first that would teach most; and where it is wanted, files that describe the boxes from the threshold
 * on, whose paths are from the folder that all pictures are in.
 */
export async function* suggestAmong(
  named: Named<Saved<"detector">>,
  { inputs, wanted }: Pick<UseRequest, "inputs" | "wanted">,
  { suggest: format = "coco", threshold: asked }: Suggesting,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  if (wanted && !wanted.each && format !== "coco") throw severalFiles(format);
  const threshold = asked ?? defaultsOf(saved).threshold ?? firstThreshold;
  const pictures = [];
  for await (const { file, width, height, found } of look(saved, inputs, { threshold: leastScore }, around)) {
    const boxes = found.filter(({ score }) => score >= threshold);
    pictures.push({ name: file, width, height, detections: found, boxes });
  }
  if (wanted) {
    const fromFolder = relativeNames(pictures.map(({ name }) => name));
    const described = pictures.map((picture, i) => ({ ...picture, name: fromFolder[i] }));
    for (const [name, text] of annotationFiles(format, described, saved.classes)) {
      yield { kind: "file", name, bytes: new TextEncoder().encode(text) };
    }
  }
  const order = byUncertainty(pictures).map(({ name, uncertainty, boxes }) => ({
    ...{ file: name, uncertainty, boxes: boxes.length },
  }));
  const lines = order.map(
    ({ file, uncertainty, boxes }) => `${uncertainty.toFixed(2)}  ${file}: ${boxes} boxes`,
  );
  yield { kind: "figures", figures: { suggested: order }, text: lines.join("\n") };
}

/** Paths from the folder that holds all of them, with forward slashes. */
function relativeNames(names: readonly string[]): string[] {
  const paths = names.map((name) => name.split(/[\\/]/));
  const [first = []] = paths;
  let depth = 0;
  while (paths.every((parts) => depth < parts.length - 1 && parts[depth] === first[depth])) depth++;
  return paths.map((parts) => parts.slice(depth).join("/"));
}

function severalFiles(format: string): GenerationError {
  return new GenerationError(
    "boxes of this form are in a file for each picture",
    `--suggest ${format} with a single file`,
    "give a folder, such as --out labels/",
  );
}
