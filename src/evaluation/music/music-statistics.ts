import { Omissions } from "../../data/music/omissions.js";
import type { Score } from "../../data/music/score.js";
import { endOf } from "../../data/music/score-time.js";
import { RemiBars } from "../../features/music/remi-bars.js";
import { longestRepeat, noteRuns } from "./note-runs.js";

/** What a piece is like, to be compared with others of its kind. */
export interface MusicStatistics {
  readonly notes: number;
  /** Notes that begin, by quarter notes to the end of the last. */
  readonly notesPerBeat: number;
  /** The share of bars in which nothing sounds. */
  readonly emptyBars: number;
  /** The share of bars with notes that begin at the steps, with the pitches and programs, of those of the bar before. */
  readonly stuckBars: number;
  /** Notes of the longest run that comes twice; see `longestRepeat`. */
  readonly longestRepeat: number;
  /** Shares of notes by pitch class, C first, without drums; zeros where there are none. */
  readonly pitchClasses: readonly number[];
}

/** The statistics of a piece, by bars as REMI has them. */
export function musicStatistics(score: Score): MusicStatistics {
  const { notes, ticksPerBeat } = score;
  const bars = barsOf(score);
  const stuck = bars.filter((bar, i) => bar.begun !== "" && bar.begun === bars[i - 1]?.begun);
  return {
    notes: notes.length,
    notesPerBeat: notes.length === 0 ? 0 : (notes.length * ticksPerBeat) / endOf(score),
    emptyBars: bars.filter(({ sounds }) => !sounds).length / Math.max(1, bars.length),
    stuckBars: stuck.length / Math.max(1, bars.length),
    longestRepeat: longestRepeat(noteRuns(score)),
    pitchClasses: pitchClasses([score]),
  };
}

/** Shares of pitch classes over several pieces, C first, without drums. */
export function pitchClasses(scores: Iterable<Score>): number[] {
  const counts = new Array<number>(12).fill(0);
  for (const { notes } of scores) {
    for (const { pitch, isDrum } of notes) if (!isDrum) counts[pitch % 12]++;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / Math.max(1, total));
}

/** How much of two shares is common: 1 for equal ones, 0 where one has nothing of the other. */
export function sharesOverlap(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, share, i) => sum + Math.min(share, b[i]), 0);
}

/** Of each bar whether anything sounds, and what begins in it, as text. */
function barsOf(score: Score): { sounds: boolean; begun: string }[] {
  const grid = new RemiBars(score, new Omissions());
  const begun: string[][] = [];
  const sounding = new Set<number>();
  for (const { start, end, pitch, program, isDrum } of score.notes) {
    const [from, to] = [grid.place(start), grid.place(end)];
    while (begun.length <= from.bar) begun.push([]);
    begun[from.bar].push([from.position, isDrum ? "drum" : program, pitch].join(" "));
    const last = to.position === 0 ? to.bar - 1 : to.bar;
    for (let bar = from.bar; bar <= Math.max(from.bar, last); bar++) sounding.add(bar);
  }
  const count = Math.max(begun.length, ...[...sounding].map((bar) => bar + 1));
  return Array.from({ length: count }, (_, bar) => ({
    sounds: sounding.has(bar),
    begun: (begun[bar] ?? []).sort().join(";"),
  }));
}
