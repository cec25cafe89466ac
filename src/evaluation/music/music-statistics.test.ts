import { expect, it } from "vitest";
import type { Note, Score } from "../../data/music/score.js";
import { musicStatistics, pitchClasses, sharesOverlap } from "./music-statistics.js";

const note = (start: number, end: number, pitch: number, isDrum = false): Note => ({
  ...{ start, end, pitch, velocity: 80, program: 0, isDrum },
});
/** A sixteenth is a tick, a bar of 2/4 eight. */
const scoreOf = (notes: Note[]): Score => ({
  ticksPerBeat: 4,
  notes,
  tempos: [{ tick: 0, beatsPerMinute: 120 }],
  timeSignatures: [{ tick: 0, numerator: 2, denominator: 4 }],
});

it("a small piece is described as by hand", () => {
  const bar = (at: number) => [note(at, at + 4, 60), note(at + 4, at + 8, 67)];
  // Two equal bars, one held over from a third to a fourth, a silent fifth, and C in a sixth.
  const notes = [...bar(0), ...bar(8), note(20, 32, 64), note(40, 44, 72), note(40, 44, 36, true)];
  expect(musicStatistics(scoreOf(notes))).toEqual({
    notes: 7,
    notesPerBeat: 7 / 11,
    emptyBars: 1 / 6,
    stuckBars: 1 / 6,
    longestRepeat: 1,
    pitchClasses: [3 / 6, 0, 0, 0, 1 / 6, 0, 0, 2 / 6, 0, 0, 0, 0],
  });
});

it("a piece without notes has no statistics that are no numbers", () => {
  const { pitchClasses: classes, ...numbers } = musicStatistics(scoreOf([]));
  expect([...Object.values(numbers), ...classes].every((value) => value === 0)).toBe(true);
});

it("shares overlap by what they have in common", () => {
  const [c, g] = [60, 67].map((pitch) => pitchClasses([scoreOf([note(0, 4, pitch)])]));
  const both = pitchClasses([scoreOf([note(0, 4, 60)]), scoreOf([note(0, 4, 67)])]);
  expect([sharesOverlap(c, c), sharesOverlap(c, g), sharesOverlap(c, both)]).toEqual([1, 0, 0.5]);
});
