import { GenerationError } from "../errors.js";
import { type Emissions, logProbabilities } from "./emissions.js";
import { type Character, longer } from "./greedy.js";

/**
 * The most likely place of each label of a transcript: the best of all paths that CTC joins to these labels (Viterbi).
 * Takes memory for frames times labels. Throws `GenerationError` where there are too few frames.
 */
export function align(emissions: Emissions, labels: readonly number[]): Character[] {
  const { data, frames, vocabulary } = logProbabilities(emissions);
  requireRoom(labels, frames, vocabulary);
  if (labels.length === 0) return [];
  // The states are the labels with blanks around them; one is reached from itself, the one before, or past a blank.
  const states = Array.from({ length: 2 * labels.length + 1 }, (_, s) => (s % 2 ? labels[(s - 1) / 2] : 0));
  const steps = new Uint8Array(frames * states.length);
  let scores = new Float64Array(states.length).fill(Number.NEGATIVE_INFINITY);
  for (let frame = 0; frame < frames; frame++) {
    const before = scores;
    const row = data.subarray(frame * vocabulary, (frame + 1) * vocabulary);
    const stepsHere = steps.subarray(frame * states.length, (frame + 1) * states.length);
    scores = before.map((_, state) => {
      if (frame === 0) return state < 2 ? row[states[state]] : Number.NEGATIVE_INFINITY;
      const step = bestStep(before, states, state);
      stepsHere[state] = step;
      return before[state - step] + row[states[state]];
    });
  }
  const last = states.length - 1;
  return placesOf(states, steps, scores[last - 1] > scores[last] ? last - 1 : last, data, vocabulary);
}

/** How many states back the best way to `state` comes from; of equal ways the shortest. */
function bestStep(before: Float64Array, states: readonly number[], state: number): number {
  let step = 0;
  if (state >= 1 && before[state - 1] > before[state]) step = 1;
  const mayPass = state >= 2 && states[state] !== 0 && states[state] !== states[state - 2];
  return mayPass && before[state - 2] > before[state - step] ? 2 : step;
}

function placesOf(
  states: readonly number[],
  steps: Uint8Array,
  last: number,
  data: Float32Array,
  vocabulary: number,
): Character[] {
  const places: Character[] = [];
  let state = last;
  for (let frame = steps.length / states.length - 1; frame >= 0; frame--) {
    const id = states[state];
    const peak = { id, start: frame, end: frame + 1, logProbability: data[frame * vocabulary + id] };
    const place = (state - 1) / 2;
    if (id !== 0) places[place] = places[place] ? longer(peak, places[place]) : peak;
    state -= steps[frame * states.length + state];
  }
  return places;
}

function requireRoom(labels: readonly number[], frames: number, vocabulary: number): void {
  const repeats = labels.filter((label, i) => i > 0 && label === labels[i - 1]).length;
  const areLabels = labels.every((label) => Number.isInteger(label) && label > 0 && label < vocabulary);
  if (areLabels && labels.length + repeats <= frames) return;
  throw new GenerationError(
    "the labels cannot be aligned with the sound",
    `${labels.length} labels with ${repeats} repeats, ${frames} frames of ${vocabulary} tokens`,
    "give ids from 1 on, and a frame for each label and between equal neighbours",
  );
}
