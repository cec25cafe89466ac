/** How well a detector's boxes are those that people drew. */
import type { Box } from "../../../data/detection/boxes.js";
import { openBoxes } from "../../../data/detection/open-boxes.js";
import { sameName } from "../../../data/images/class-name.js";
import { type CocoMetrics, cocoMetrics } from "../../../evaluation/detection/coco-metrics.js";
import { type CountErrors, countErrors } from "../../../evaluation/detection/count-error.js";
import { bestPoint, type ScorePoint, scoreCurve } from "../../../evaluation/detection/score-curve.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { memoryFolder } from "../../../files/memory.js";
import { compileDetector } from "../../../generation/detection/detector-session.js";
import type { Saved } from "../../images/kinds/saved.js";
import { type Named, type Output, type Surroundings, watching } from "../../modality.js";
import { firstThreshold, foundIn } from "../found.js";
import { openPreparedDetection, type PreparedSplit, writeSplit } from "../prepared.js";
import { csvTable } from "./detect.js";
import type { Measuring } from "./options.js";
import { defaultsOf } from "./pictures.js";

/**
 * COCO's average precision over pictures of the model's run, or given ones; with how far counts are off from a threshold
 * on, and which would be best. `hasCurves`: with a table of precision by recall.
 */
export async function* measureBoxes(
  named: Named<Saved<"detector">>,
  { data, split, threshold: asked }: Measuring,
  around: Surroundings,
  hasCurves: boolean,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { model, weights, classes } = saved;
  const pictures = data === undefined ? await ofRun(named, split) : await given(data, saved, around);
  const session = await compileDetector(around.runtime, model, weights);
  const { overlap, threshold: chosen = firstThreshold } = defaultsOf(saved);
  const numbers = [...pictures.pictures.keys()];
  const found = await foundIn(session, pictures, numbers, { ...watching(around, "pictures"), overlap });
  await session.release();
  const truth = pictures.pictures.map(({ boxes }) => boxes);
  const numClasses = classes.length;
  const metrics = cocoMetrics(truth, found, { numClasses });
  const best = bestPoint(scoreCurve(truth, found, { numClasses }));
  const threshold = asked ?? chosen;
  const counts = countErrors(truth, found, { numClasses, threshold });
  if (hasCurves) yield { kind: "file", name: "curves.csv", bytes: curvesTable(metrics, classes) };
  yield {
    kind: "figures",
    figures: {
      ...{ metric: "coco", pictures: truth.length, boxes: counts.truth, ...metrics },
      perClass: metrics.perClass.map((one, label) => one && { class: classes[label], ...one }),
      ...{ threshold, best, counts },
    },
    text: inWords({ pictures: truth.length, metrics, classes, threshold, best, counts }),
  };
}

async function ofRun({ name, folder }: Named, split: Measuring["split"]): Promise<PreparedSplit> {
  const prepared = await openPreparedDetection(folder.folder("data")).catch((cause: Error) => {
    throw new EvaluationError(
      "there are no pictures to measure the model on",
      `${name} has none: ${cause.message.split("\n")[0]}`,
      "give --data: pictures with boxes",
      { cause },
    );
  });
  const found = prepared[split];
  if (found) return found;
  throw new EvaluationError(
    "the run has no pictures of this split",
    `--split ${split}; the set of ${name} has none for testing`,
    "leave --split out, or give --data",
  );
}

/** The test split of a set, or all of it where it has none. Labels become the model's, by the names of the classes. */
async function given(
  path: string,
  { model, classes }: Saved<"detector">,
  around: Surroundings,
): Promise<PreparedSplit> {
  const set = await openBoxes({ ...watching(around, "pictures looked at"), path });
  const labels = set.classes.map((name) => classes.findIndex((own) => sameName(own, name)));
  const stranger = set.classes.find((_, i) => labels[i] < 0);
  if (stranger !== undefined) {
    throw new EvaluationError(
      "the pictures have boxes of a class that the model does not know",
      `${stranger} in ${path}; it knows ${classes.join(", ")}`,
      "leave those boxes out",
    );
  }
  const { train, validation, test } = set.splits;
  const pictures = (test ?? [...train, ...validation]).map((picture) => ({
    ...picture,
    boxes: picture.boxes.map((box): Box => ({ ...box, label: labels[box.label] })),
  }));
  if (pictures.length === 0) {
    throw new EvaluationError("nothing describes boxes", path, "give pictures with boxes");
  }
  return writeSplit(pictures, model, memoryFolder(), watching(around, "pictures decoded"));
}

interface Measured {
  readonly pictures: number;
  readonly metrics: CocoMetrics;
  readonly classes: readonly string[];
  readonly threshold: number;
  readonly best: ScorePoint | undefined;
  readonly counts: CountErrors;
}

function inWords({ pictures, metrics, classes, threshold, best, counts }: Measured): string {
  const { ap, ap50, ap75, apSmall, apMedium, apLarge, ar100 } = metrics;
  const lines = [
    `${pictures} pictures with ${counts.truth} boxes, as COCO measures`,
    `AP ${share(ap)}, AP50 ${share(ap50)}, AP75 ${share(ap75)}; AR of 100 boxes ${share(ar100)}`,
    `AP of small things ${share(apSmall)}, medium ${share(apMedium)}, large ${share(apLarge)}`,
    ...metrics.perClass.map((one, label) =>
      one
        ? `  ${classes[label]}: AP ${share(one.ap)}, AP50 ${share(one.ap50)}, ${one.count} boxes`
        : `  ${classes[label]}: there is none to find`,
    ),
    `from a score of ${threshold.toFixed(2)} on: ${counts.counted} boxes for ${counts.truth}, ` +
      `off by ${counts.absolute.toFixed(2)} a picture`,
  ];
  if (best) {
    lines.push(
      `best from ${best.score.toFixed(2)} on: precision ${share(best.precision)}, recall ${share(best.recall)}`,
    );
  }
  return lines.join("\n");
}

const share = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(3));

/** Precision at each recall of each class, and the score from which on it is reached. */
function curvesTable({ perClass }: CocoMetrics, classes: readonly string[]): Uint8Array {
  const rows = perClass.flatMap((one, label) =>
    (one?.curve ?? []).map(({ recall, precision, score }) => [
      classes[label],
      ...[recall, precision, score].map((value) => value.toFixed(4)),
    ]),
  );
  return csvTable([["class", "recall", "precision", "score"], ...rows]);
}
