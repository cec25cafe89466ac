import { joined } from "../../data/audio/audio.js";
import { GenerationError } from "../errors.js";
import { type Emissions, FRAME_RATE } from "./emissions.js";
import { type Pause, pausesIn } from "./pauses.js";

/** Samples of 16 kHz, piece after piece. */
export type Sound = Iterable<Float32Array> | AsyncIterable<Float32Array>;

/** A part of a long sound. */
export interface Window {
  /** What the model hears. */
  readonly samples: Float32Array;
  /** Where they begin in the whole sound, in samples. */
  readonly start: number;
  /** The frames of the whole sound that it speaks for; beyond them another window has heard more around. */
  readonly firstFrame: number;
  readonly endFrame: number;
  readonly isLast: boolean;
}

const SAMPLE_RATE = 16_000;
/** Samples of a frame. */
const HOP = SAMPLE_RATE / FRAME_RATE;
/** Samples of all windows, of two neighbours together, and of the end of a window where a pause is near enough to cut. */
const LENGTH = 20 * SAMPLE_RATE;
const OVERLAP = 4 * SAMPLE_RATE;
const NEAR = 5 * SAMPLE_RATE;
/** Nothing shorter is left for the last window. */
const SHORTEST = SAMPLE_RATE;
/** Frames more than a window speaks for, as an encoder's last frames want samples after them. */
const AFTER_CUT = 2;

/**
 * Windows of 20 seconds over a sound, of which no more is held than a window and the piece that comes. Where a pause is
 * near the end of one it is cut there; else the next overlaps it by 4 seconds, of which each speaks for its half
 * (chunking as in Transformers' pipeline). Throws `AudioFeatureError` for samples that are not finite.
 */
export async function* windowsOf(sound: Sound): AsyncGenerator<Window> {
  let held: Float32Array = new Float32Array();
  let [start, firstFrame] = [0, 0];
  for await (const piece of sound) {
    held = joined([held, piece]);
    while (held.length >= LENGTH + SHORTEST) yield next(LENGTH - AFTER_CUT * HOP);
  }
  while (held.length > LENGTH) yield next(Math.min(LENGTH - AFTER_CUT * HOP, held.length - SHORTEST));
  const endFrame = Math.ceil((start + held.length) / HOP);
  yield { samples: held, start, firstFrame, endFrame, isLast: true };

  /** Takes a window off, cut at `latest` at the latest. */
  function next(latest: number): Window {
    const pause = longestNear(pausesIn(held.subarray(0, LENGTH)), latest);
    const endFrame = start / HOP + Math.round((pause ?? LENGTH - OVERLAP / 2) / HOP);
    const cut = endFrame * HOP - start;
    const samples = held.subarray(0, pause === undefined ? LENGTH : cut + AFTER_CUT * HOP);
    const window = { samples, start, firstFrame, endFrame, isLast: false };
    const taken = pause === undefined ? LENGTH - OVERLAP : cut;
    held = held.subarray(taken);
    [start, firstFrame] = [start + taken, endFrame];
    return window;
  }
}

/**
 * Of what the model said of a window, what it speaks for. The last may have less than its frames: an encoder's window does
 * not fit the end. Throws `GenerationError` where another has.
 */
export function spokenFor(
  { start, firstFrame, endFrame, isLast }: Window,
  { data, frames, vocabulary }: Emissions,
): Emissions {
  const offset = start / HOP;
  const [from, to] = [firstFrame - offset, Math.min(endFrame - offset, frames)];
  if (isLast || to === endFrame - offset) {
    return { data: data.subarray(from * vocabulary, to * vocabulary), frames: to - from, vocabulary };
  }
  throw new GenerationError(
    "the model said less of a window than it was asked",
    `${frames} frames of ${endFrame - offset}`,
    `give the emissions of the whole window, ${FRAME_RATE} frames a second`,
  );
}

/** The middle of the longest pause whose middle lies near, and not after, `latest`. */
function longestNear(pauses: readonly Pause[], latest: number): number | undefined {
  const middle = ({ start, end }: Pause) => (start + end) / 2;
  const isNear = (pause: Pause) => middle(pause) <= latest && middle(pause) >= latest - NEAR;
  const best = pauses.filter(isNear).toSorted((a, b) => b.end - b.start - (a.end - a.start))[0];
  return best && middle(best);
}
