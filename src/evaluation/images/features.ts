/** Vectors of images that measures compare: of a model of ours, or of an ONNX file. */
import { joinArrays } from "../../core/join-arrays.js";
import { EvaluationError } from "../errors.js";

/** Rows of features [n, d], and whose they are: numbers of different features must not be compared. */
export interface Features {
  /** Such as "features of runs/classifier (resnet)". */
  readonly name: string;
  readonly data: Float32Array;
  readonly n: number;
  readonly d: number;
}

/** Gives vectors to images. */
export interface FeatureExtractor {
  readonly name: string;
  /** The vectors [n, d] of images [n, c, h, w] with values from -1 to 1; both flat. */
  extract(images: Float32Array): Promise<{ readonly data: Float32Array; readonly d: number }>;
  release(): Promise<void>;
}

/** The features of all images of the batches. Throws `EvaluationError` when there are none. */
export async function featuresOf(
  extractor: FeatureExtractor,
  batches: Iterable<Float32Array> | AsyncIterable<Float32Array>,
): Promise<Features> {
  const parts: Float32Array[] = [];
  let width = 0;
  for await (const images of batches) {
    const { data, d } = await extractor.extract(images);
    parts.push(data);
    width = d;
  }
  const data = joinArrays(Float32Array, parts);
  if (data.length === 0) {
    throw new EvaluationError("there are no images to measure", "0 images", "give at least one batch");
  }
  return { name: extractor.name, data, n: data.length / width, d: width };
}

/** Throws `EvaluationError` unless both are features of the same kind, with at least `least` rows each. */
export function checkComparable(a: Features, b: Features, least: number): void {
  if (a.name !== b.name || a.d !== b.d) {
    throw new EvaluationError(
      "features of different kinds cannot be compared",
      `${a.name} [${a.d}] and ${b.name} [${b.d}]`,
      "take both from the same model",
    );
  }
  if (Math.min(a.n, b.n) >= least) return;
  throw new EvaluationError(
    "there are too few images to measure",
    `${a.n} and ${b.n}, of at least ${least}`,
    "give more images",
  );
}

export const rowOf = ({ data, d }: Features, row: number): Float32Array =>
  data.subarray(row * d, (row + 1) * d);
