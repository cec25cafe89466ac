import { GenerationError } from "../errors.js";
import { type Emissions, FRAME_RATE } from "./emissions.js";
import { type Pause, pausesIn } from "./pauses.js";

/** A part of a long sound. */
export interface Window {
  /** The samples that the model hears, of the whole sound: from `start` up to `end`. */
  readonly start: number;
  readonly end: number;
  /** The frames of the whole sound that it speaks for; beyond them another window has heard more around. */
  readonly firstFrame: number;
  readonly endFrame: number;
}

/** Of all windows, of two neighbours together, and of the end of a window where a pause is near enough to cut; seconds. */
const LENGTH = 20;
const OVERLAP = 4;
const NEAR = 5;
/** Nothing shorter is left for the last window. */
const SHORTEST = 1;
/** Frames more than a window speaks for, as an encoder's last frames want samples after them. */
const AFTER_CUT = 2;
const SAMPLE_RATE = 16_000;
/** Samples of a frame. */
const HOP = SAMPLE_RATE / FRAME_RATE;

/**
 * Windows of 20 seconds over a sound of 16 kHz. Where a pause is near the end of one it is cut there; else the next
 * overlaps it by 4 seconds, of which each speaks for its half (chunking as in Transformers' pipeline). Throws
 * `GenerationError` for another rate, `AudioFeatureError` for samples that are not finite.
 */
export function* windowsOf(samples: Float32Array, sampleRate: number): Generator<Window> {
  if (sampleRate !== SAMPLE_RATE) throw wrongRate(sampleRate);
  const [length, overlap] = [LENGTH * SAMPLE_RATE, OVERLAP * SAMPLE_RATE];
  let [start, firstFrame] = [0, 0];
  for (let left = samples.length; left > length; left = samples.length - start) {
    const latest = Math.min(length - AFTER_CUT * HOP, left - SHORTEST * SAMPLE_RATE);
    const pause = longestNear(pausesIn(samples.subarray(start, start + length)), latest);
    const endFrame = start / HOP + Math.round((pause ?? length - overlap / 2) / HOP);
    const end = pause === undefined ? start + length : (endFrame + AFTER_CUT) * HOP;
    yield { start, end, firstFrame, endFrame };
    firstFrame = endFrame;
    start = pause === undefined ? start + length - overlap : endFrame * HOP;
  }
  yield { start, end: samples.length, firstFrame, endFrame: Math.ceil(samples.length / HOP) };
}

/** A window and what the model said of it. */
export interface EmittedWindow {
  readonly window: Window;
  readonly emissions: Emissions;
}

/**
 * What the model said of all windows, one after another. The last may have less than its frames: an encoder's window
 * does not fit the end. Throws `GenerationError` where another has.
 */
export function joinWindows(parts: readonly EmittedWindow[]): Emissions {
  const vocabulary = parts[0]?.emissions.vocabulary ?? 0;
  const kept = parts.map((part, i) => keptOf(part, i === parts.length - 1));
  const data = new Float32Array(kept.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of kept) {
    data.set(part, at);
    at += part.length;
  }
  return { data, frames: at / Math.max(1, vocabulary), vocabulary };
}

function keptOf({ window, emissions }: EmittedWindow, isLast: boolean): Float32Array {
  const { data, frames, vocabulary } = emissions;
  const offset = window.start / HOP;
  const [from, to] = [window.firstFrame - offset, window.endFrame - offset];
  if (isLast || frames >= to) return data.subarray(from * vocabulary, to * vocabulary);
  throw new GenerationError(
    "the model said less of a window than it was asked",
    `${frames} frames of ${to}`,
    `give the emissions of the whole window, ${FRAME_RATE} frames a second`,
  );
}

/** The middle of the longest pause whose middle lies near, and not after, `latest`. */
function longestNear(pauses: readonly Pause[], latest: number): number | undefined {
  const middle = ({ start, end }: Pause) => (start + end) / 2;
  const isNear = (pause: Pause) => middle(pause) <= latest && middle(pause) >= latest - NEAR * SAMPLE_RATE;
  const best = pauses.filter(isNear).toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
  return best && middle(best);
}

function wrongRate(sampleRate: number): GenerationError {
  return new GenerationError(
    "the sound has another rate than the model",
    `${sampleRate} samples a second`,
    `resample it to ${SAMPLE_RATE}`,
  );
}
