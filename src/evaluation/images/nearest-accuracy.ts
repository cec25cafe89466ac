/** How well nearest neighbours in features tell classes (Wu et al. 2018, section 3.4). */
import type { Runtime } from "../../core/runtime/session.js";
import { EvaluationError } from "../errors.js";
import { checkComparable, type Features } from "./features.js";
import { nearestNeighbours } from "./neighbours.js";

/** Features, and the class of each. */
export interface LabelledFeatures {
  readonly features: Features;
  readonly labels: Int32Array;
}

export interface NearestAccuracyOptions {
  /** Neighbours that vote; the paper's 200 is the default, and at most all. */
  readonly k?: number;
  /** Of the votes exp(cosine / temperature); default 0.07. */
  readonly temperature?: number;
}

/**
 * The share of `test` whose class is that for which their nearest neighbours by cosine in `train` vote most. Throws
 * `EvaluationError` for features of different kinds, or as many labels as there are not features.
 */
export async function kNearestAccuracy(
  runtime: Runtime,
  train: LabelledFeatures,
  test: LabelledFeatures,
  { k = 200, temperature = 0.07 }: NearestAccuracyOptions = {},
): Promise<number> {
  checkComparable(train.features, test.features, 1);
  checkLabels(train);
  checkLabels(test);
  const voters = Math.min(k, train.features.n);
  const [queries, among] = [unitRows(test.features), unitRows(train.features)];
  const neighbours = await nearestNeighbours(runtime, queries, among, voters);
  let right = 0;
  for (let i = 0; i < queries.n; i++) {
    const votes = new Map<number, number>();
    for (let at = i * voters; at < (i + 1) * voters; at++) {
      const label = train.labels[neighbours.indices[at]];
      const cosine = 1 - neighbours.squaredDistances[at] / 2;
      votes.set(label, (votes.get(label) ?? 0) + Math.exp((cosine - 1) / temperature));
    }
    const [winner] = [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best));
    if (winner === test.labels[i]) right++;
  }
  return right / queries.n;
}

/** Rows of length 1: their squared distance is 2 - 2 cosine. */
function unitRows(features: Features): Features {
  const { n, d } = features;
  const data = features.data.slice();
  for (let row = 0; row < n; row++) {
    const values = data.subarray(row * d, (row + 1) * d);
    const length = Math.hypot(...values) || 1;
    for (let i = 0; i < d; i++) values[i] /= length;
  }
  return { ...features, data };
}

function checkLabels({ features, labels }: LabelledFeatures): void {
  if (labels.length === features.n) return;
  throw new EvaluationError(
    "not every image has a class",
    `${labels.length} classes for ${features.n} images`,
    "give one class an image",
  );
}
