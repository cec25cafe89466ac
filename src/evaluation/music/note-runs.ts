import type { Score } from "../../data/music/score.js";
import { quantised } from "../../features/music/quantise.js";
import { SuffixAutomaton } from "./suffix-automaton.js";

/** A piece as its notes one after another, low before high at one time: each a number. */
export interface NoteRuns {
  /** Of a note: its pitch, its length, and the time since the note before, in sixteenths. */
  readonly absolute: Int32Array;
  /** The same with the interval from the note before in place of the pitch: a transposed piece has the same. */
  readonly relative: Int32Array;
}

/** How much of a piece is in others. */
export interface CopiedNotes {
  readonly notes: number;
  /** The longest run of notes that another piece has with the same pitches, lengths and times. */
  readonly absolute: number;
  /** The longest that another has in any transposition. */
  readonly relative: number;
}

const STEPS_PER_BEAT = 4;
/** Longer times and lengths, of four bars, count as this. */
const MOST_STEPS = 63;
const DRUMS = 128;

/** The notes of a piece for comparison. Those of drums are no pitches: they equal themselves only. */
export function noteRuns(score: Score): NoteRuns {
  const { notes } = quantised(score, { stepsPerBeat: STEPS_PER_BEAT }).score;
  const sorted = notes.toSorted((a, b) => a.start - b.start || a.pitch - b.pitch);
  const pitches = sorted.map(({ pitch, isDrum }) => pitch + (isDrum ? DRUMS : 0));
  const rhythms = sorted.map(({ start, end }, i) => {
    const gap = Math.min(MOST_STEPS, start - (sorted[i - 1]?.start ?? start));
    return gap * (MOST_STEPS + 1) + Math.min(MOST_STEPS, end - start);
  });
  const symbol = (value: number, i: number) => value * (MOST_STEPS + 1) ** 2 + rhythms[i];
  return {
    absolute: Int32Array.from(pitches, symbol),
    relative: Int32Array.from(pitches.slice(1), (pitch, i) => symbol(pitch - pitches[i] + 2 * DRUMS, i + 1)),
  };
}

/** The longest runs of a piece's notes that stand in one of `others`, such as the pieces that were learned from. */
export function copiedNotes(piece: NoteRuns, others: Iterable<NoteRuns>): CopiedNotes {
  const [absolute, relative] = [piece.absolute, piece.relative].map((runs) => new SuffixAutomaton(runs));
  let [notes, intervals] = [0, 0];
  for (const other of others) {
    notes = Math.max(notes, absolute.longestShared(other.absolute));
    intervals = Math.max(intervals, relative.longestShared(other.relative));
  }
  // A run of intervals has a note more, whose own length and time may differ.
  return { notes: piece.absolute.length, absolute: notes, relative: Math.max(notes, intervals) };
}

/** The longest run of a piece's notes that comes twice in it, at the same pitches, without overlapping itself. */
export function longestRepeat({ absolute }: NoteRuns): number {
  return new SuffixAutomaton(absolute).longestRepeat();
}
