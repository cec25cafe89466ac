import { fillNormal, fillUniform, randomStream } from "../core/random.js";
import { ObjectiveError } from "./errors.js";

/** Sizes of a quantiser, and the seed that it is drawn by. */
export interface RandomProjectionQuantiserOptions {
  readonly seed: number;
  /** Width of the frames that it reads. */
  readonly featureWidth: number;
  /** In a codebook; 65,536 at most. */
  readonly numCodes: number;
  /** Each with a projection of its own; default 1. */
  readonly numCodebooks?: number;
  /** Of the space in which frames and codes are compared; default 16. */
  readonly codeWidth?: number;
}

/** Gives every frame a number that follows from what it sounds like, and was learned from nothing. */
export interface RandomProjectionQuantiser {
  /**
   * The codes [t, k] of a recording's frames [t, f], one in each of k codebooks. Throws `ObjectiveError` when the
   * frames are not as wide as the quantiser's.
   */
  targets(features: Float32Array): Uint16Array;
}

/** Below it a feature varies by nothing but dirt. */
const leastVariance = 1e-5;

/**
 * The random-projection quantiser (Chiu et al. 2022, section 3.1): features of mean 0 and deviation 1 over the
 * recording, a projection drawn by Glorot's uniform distribution, and the code of the smallest angle to what it gives,
 * out of codes drawn by the normal distribution. A pure function of the seed.
 */
export function randomProjectionQuantiser({
  seed,
  featureWidth,
  numCodes,
  numCodebooks = 1,
  codeWidth = 16,
}: RandomProjectionQuantiserOptions): RandomProjectionQuantiser {
  if (!(numCodes >= 2 && numCodes <= 65_536)) {
    throw new ObjectiveError(
      "a codebook is too small or too large",
      `${numCodes} codes`,
      "choose 2 to 65,536: codes are kept in 16 bits",
    );
  }
  const codebooks = Array.from({ length: numCodebooks }, (_, codebook) => {
    const projection = new Float32Array(featureWidth * codeWidth);
    const bound = Math.sqrt(6 / (featureWidth + codeWidth));
    fillUniform(projection, randomStream(seed, "quantiser projection", codebook), -bound, bound);
    const codes = new Float32Array(numCodes * codeWidth);
    fillNormal(codes, randomStream(seed, "quantiser codes", codebook), 1);
    for (let at = 0; at < codes.length; at += codeWidth) normalise(codes.subarray(at, at + codeWidth));
    return { projection, codes };
  });
  return {
    targets(features) {
      const frames = features.length / featureWidth;
      if (!Number.isInteger(frames)) {
        throw new ObjectiveError(
          "frames are not as wide as those that the quantiser reads",
          `${features.length} values for frames of ${featureWidth}`,
          "give it the features that the model reads",
        );
      }
      const scaled = standardised(features, featureWidth);
      const targets = new Uint16Array(frames * numCodebooks);
      codebooks.forEach(({ projection, codes }, codebook) => {
        const vector = new Float32Array(codeWidth);
        for (let frame = 0; frame < frames; frame++) {
          project(scaled, frame * featureWidth, projection, vector);
          targets[frame * numCodebooks + codebook] = nearest(vector, codes);
        }
      });
      return targets;
    },
  };
}

/** To length 1. */
function normalise(vector: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  for (let i = 0; i < vector.length; i++) vector[i] /= length;
}

/** Each feature less its mean over the frames, and divided by its deviation. */
function standardised(features: Float32Array, width: number): Float32Array {
  const result = new Float32Array(features.length);
  const frames = features.length / width;
  for (let feature = 0; feature < width; feature++) {
    let [sum, squares] = [0, 0];
    for (let at = feature; at < features.length; at += width) sum += features[at];
    const mean = sum / frames;
    for (let at = feature; at < features.length; at += width) squares += (features[at] - mean) ** 2;
    const deviation = Math.sqrt(Math.max(squares / frames, leastVariance));
    for (let at = feature; at < features.length; at += width) result[at] = (features[at] - mean) / deviation;
  }
  return result;
}

/** `vector` = the frame at `start` times the projection [f, d]. */
function project(
  features: Float32Array,
  start: number,
  projection: Float32Array,
  vector: Float32Array,
): void {
  const width = vector.length;
  vector.fill(0);
  for (let at = 0; at < projection.length; at += width) {
    const feature = features[start + at / width];
    for (let d = 0; d < width; d++) vector[d] += feature * projection[at + d];
  }
}

/** The code with the largest product, which of vectors of one length is the nearest; the vector's own is no matter. */
function nearest(vector: Float32Array, codes: Float32Array): number {
  let [best, largest] = [0, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < codes.length; at += vector.length) {
    let product = 0;
    for (let d = 0; d < vector.length; d++) product += vector[d] * codes[at + d];
    if (product > largest) [best, largest] = [at / vector.length, product];
  }
  return best;
}
