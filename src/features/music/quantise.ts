import { MusicError } from "../../data/music/errors.js";
import type { Note, Score } from "../../data/music/score.js";
import { type GridReport, gridReport } from "./grid-report.js";

/**
 * A score with all its times on a grid: a tick of it is a step. Beginnings and lengths of notes go to the nearest step,
 * halves up, as symusic does for MidiTok; a note lasts one at least. What lies on the grid stays where it is.
 * @throws MusicError where `stepsPerBeat` is no whole number above 0.
 */
export function quantised(
  score: Score,
  { stepsPerBeat }: { stepsPerBeat: number },
): { score: Score; report: GridReport } {
  if (!Number.isInteger(stepsPerBeat) || stepsPerBeat < 1) {
    throw new MusicError(
      "a beat cannot have so many steps",
      `${stepsPerBeat}`,
      "give a whole number above 0",
    );
  }
  const stepOf = (tick: number) => Math.round((tick * stepsPerBeat) / score.ticksPerBeat);
  const moved = <T extends { readonly tick: number }>(change: T): T => ({
    ...change,
    tick: stepOf(change.tick),
  });
  const notes = score.notes.map((note): Note => {
    const start = stepOf(note.start);
    return { ...note, start, end: start + Math.max(1, stepOf(note.end - note.start)) };
  });
  const displacements = score.notes.map(
    ({ start }, i) => notes[i].start / stepsPerBeat - start / score.ticksPerBeat,
  );
  return {
    score: {
      ticksPerBeat: stepsPerBeat,
      notes: notes.sort((a, b) => a.start - b.start || a.program - b.program || a.pitch - b.pitch),
      tempos: lastOfTick(score.tempos.map(moved)),
      timeSignatures: lastOfTick(score.timeSignatures.map(moved)),
    },
    report: gridReport(displacements),
  };
}

/** Changes without those that another at the same tick replaces. */
export function lastOfTick<T extends { readonly tick: number }>(changes: readonly T[]): T[] {
  return changes.filter(({ tick }, i) => changes[i + 1]?.tick !== tick);
}
