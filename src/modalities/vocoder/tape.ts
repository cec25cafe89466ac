import type { PreparedAudio } from "../../data/audio/prepared-audio.js";
import { peakLevel, silentPeak } from "../../features/audio/clip.js";

/**
 * Recordings laid end to end, each as loud as its peak lets it be, silent ones as they are: from any place on there is
 * sound.
 */
export interface Tape {
  /** How many. */
  readonly samples: number;
  /** Samples from -1 to 1. */
  read(start: number, count: number): Promise<Float32Array>;
}

/** A recording on a tape. */
interface Piece {
  readonly start: number;
  readonly samples: number;
  readonly gain: number;
}

/** Reads every recording once, for its peak. */
export async function tapeOf(audio: PreparedAudio): Promise<Tape> {
  const pieces: Piece[] = [];
  let samples = 0;
  for (const [i, example] of audio.examples.entries()) {
    const peak = (await audio.read(i)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    pieces.push({ start: samples, samples: example.samples, gain: peak < silentPeak ? 1 : peakLevel / peak });
    samples += example.samples;
  }
  return { samples, read: (start, count) => windowOf(audio, pieces, start, count) };
}

async function windowOf({ read }: PreparedAudio, pieces: readonly Piece[], start: number, count: number) {
  const window = new Float32Array(count);
  let number = pieces.findLastIndex((piece) => piece.start <= start);
  for (let filled = 0; filled < count; number++) {
    const { gain, ...piece } = pieces[number];
    const first = start + filled - piece.start;
    const sound = await read(number, first, Math.min(count - filled, piece.samples - first));
    window.set(
      sound.map((value) => value * gain),
      filled,
    );
    filled += sound.length;
  }
  return window;
}
