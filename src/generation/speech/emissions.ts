import { GenerationError } from "../errors.js";

/** What a recogniser says of an utterance: log-probabilities or logits, [frames, vocabulary] by rows. Id 0 is CTC's blank. */
export interface Emissions {
  readonly data: Float32Array;
  readonly frames: number;
  readonly vocabulary: number;
}

/** The emissions of one sound, stretch after stretch. */
export type EmissionParts = Iterable<Emissions> | AsyncIterable<Emissions>;

/** Of one second: a frame is a step of a speech encoder, 20 ms. */
export const FRAME_RATE = 50;

/** Log-probabilities of emissions; those that are such already stay as they are. Throws as `requireEmissions` does. */
export function logProbabilities(emissions: Emissions): Emissions {
  requireEmissions(emissions);
  const { data, frames, vocabulary } = emissions;
  const normalised = new Float32Array(frames * vocabulary);
  for (let at = 0; at < normalised.length; at += vocabulary) {
    const row = data.subarray(at, at + vocabulary);
    const normaliser = logSumExp(row);
    for (let id = 0; id < vocabulary; id++) normalised[at + id] = row[id] - normaliser;
  }
  return { data: normalised, frames, vocabulary };
}

/** The logarithm of the sum of exponentials. */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - largest);
  return largest + Math.log(sum);
}

/** Throws `GenerationError` for data of another size, for a frame without a finite value, and for NaN. */
export function requireEmissions({ data, frames, vocabulary }: Emissions): void {
  if (data.length !== frames * vocabulary || vocabulary < 2) {
    throw new GenerationError(
      "the emissions are not [frames, vocabulary]",
      `${data.length} values for ${frames} frames of ${vocabulary} tokens`,
      "give a value for each token of each frame, blank and another at least",
    );
  }
  for (let frame = 0; frame < frames; frame++) {
    const row = data.subarray(frame * vocabulary, (frame + 1) * vocabulary);
    if (row.every((value) => value < Number.POSITIVE_INFINITY) && row.some(Number.isFinite)) continue;
    throw new GenerationError(
      "the emissions of a frame are no numbers to compare",
      `frame ${frame}: ${row.slice(0, 5).join(", ")}`,
      "look for NaN or infinities in the sound or in the model's weights",
    );
  }
}
