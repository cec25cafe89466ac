import type { Score } from "../../data/music/score.js";
import { endOf } from "../../data/music/score-time.js";
import { musicStatistics, pitchClasses, sharesOverlap } from "./music-statistics.js";
import { copiedNotes, noteRuns } from "./note-runs.js";

/** What pieces are like together; means over pieces, where nothing else is said. */
export interface MusicSetStatistics {
  readonly pieces: number;
  readonly notesPerBeat: number;
  readonly emptyBars: number;
  readonly stuckBars: number;
  /** The longest repeat, as a share of a piece's notes. */
  readonly repeated: number;
  /** How much of the shares of pitch classes over all pieces is common with those of the pieces that were learned from. */
  readonly pitchClassOverlap: number;
  /** Notes of the longest run that a piece that was learned from has too; see `copiedNotes`. */
  readonly copied: { readonly mean: number; readonly most: number };
  /** The same in any transposition. */
  readonly copiedTransposed: { readonly mean: number; readonly most: number };
}

/** Written pieces, and others that were not learned from, which say what to expect of them. */
export interface MusicComparison {
  readonly written: MusicSetStatistics;
  readonly heldOut: MusicSetStatistics;
}

/**
 * Compares pieces that a model wrote with held-out ones, all beside those that it learned from. Held-out pieces are cut to
 * the length of the longest written one, as longer pieces have longer runs in common with others.
 */
export function compareMusic(
  written: readonly Score[],
  heldOut: readonly Score[],
  training: readonly Score[],
): MusicComparison {
  const beats = Math.max(0, ...written.map((score) => endOf(score) / score.ticksPerBeat));
  const learned = training.map(noteRuns);
  const classes = pitchClasses(training);
  const describe = (scores: readonly Score[]): MusicSetStatistics => {
    const all = scores.map(musicStatistics);
    const copied = scores.map((score) => copiedNotes(noteRuns(score), learned));
    return {
      pieces: scores.length,
      notesPerBeat: mean(all.map((piece) => piece.notesPerBeat)),
      emptyBars: mean(all.map((piece) => piece.emptyBars)),
      stuckBars: mean(all.map((piece) => piece.stuckBars)),
      repeated: mean(all.map((piece) => piece.longestRepeat / Math.max(1, piece.notes))),
      pitchClassOverlap: sharesOverlap(pitchClasses(scores), classes),
      copied: meanAndMost(copied.map(({ absolute }) => absolute)),
      copiedTransposed: meanAndMost(copied.map(({ relative }) => relative)),
    };
  };
  return { written: describe(written), heldOut: describe(heldOut.map((score) => cutTo(score, beats))) };
}

function cutTo(score: Score, beats: number): Score {
  const end = beats * score.ticksPerBeat;
  const notes = score.notes.filter(({ start }) => start < end);
  return { ...score, notes: notes.map((note) => ({ ...note, end: Math.min(note.end, end) })) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function meanAndMost(values: readonly number[]) {
  return { mean: mean(values), most: Math.max(0, ...values) };
}
