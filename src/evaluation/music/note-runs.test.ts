import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Note, Score } from "../../data/music/score.js";
import { copiedNotes, longestRepeat, noteRuns } from "./note-runs.js";
import { SuffixAutomaton } from "./suffix-automaton.js";

/** A melody in quarters; a sixteenth is a tick. */
const melody = (pitches: readonly number[], more: Partial<Note> = {}): Score => ({
  ticksPerBeat: 4,
  notes: pitches.map((pitch, i) => ({
    ...{ start: i * 4, end: i * 4 + 4, pitch, velocity: 80, program: 0, isDrum: false },
    ...more,
  })),
  tempos: [{ tick: 0, beatsPerMinute: 120 }],
  timeSignatures: [{ tick: 0, numerator: 4, denominator: 4 }],
});
const up = (pitches: readonly number[], by: number) => pitches.map((pitch) => pitch + by);

describe("runs of a sequence", () => {
  const symbols = fc.array(fc.nat(2), { maxLength: 30 });
  const isIn = (run: readonly number[], other: readonly number[]) =>
    `,${other.join(",")},`.includes(`,${run.join(",")},`);
  const runsOf = (all: readonly number[]) =>
    all.flatMap((_, from) => all.slice(from).map((__, length) => all.slice(from, from + length + 1)));

  it("that another has are found as by trying them all", () => {
    fc.assert(
      fc.property(symbols, symbols, (a, b) => {
        const shared = runsOf(a).filter((run) => isIn(run, b));
        const longest = Math.max(0, ...shared.map(({ length }) => length));
        expect(new SuffixAutomaton(a).longestShared(b)).toBe(longest);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("that come twice are found as by trying them all", () => {
    fc.assert(
      fc.property(symbols, (a) => {
        const twice = a.flatMap((_, from) =>
          runsOf(a.slice(from)).filter(
            (run) => run.every((value, i) => a[from + i] === value) && isIn(run, a.slice(from + run.length)),
          ),
        );
        const longest = Math.max(0, ...twice.map(({ length }) => length));
        expect(new SuffixAutomaton(a).longestRepeat()).toBe(longest);
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});

describe("copied notes", () => {
  const tune = [60, 62, 64, 65, 67, 60];

  it("are the longest run that another piece has, as it is and in another key", () => {
    const piece = noteRuns(melody([50, ...tune, 51]));
    const others = [noteRuns(melody([70, ...tune.slice(0, 4), 71])), noteRuns(melody(up(tune, 5)))];
    expect(copiedNotes(piece, others)).toEqual({ notes: 8, absolute: 4, relative: 5 });
  });

  it("are none where lengths differ, and none without other pieces", () => {
    const piece = noteRuns(melody(tune));
    const short = melody(tune);
    const staccato = { ...short, notes: short.notes.map((note) => ({ ...note, end: note.start + 1 })) };
    expect(copiedNotes(piece, [noteRuns(staccato)])).toEqual({ notes: 6, absolute: 0, relative: 0 });
    expect(copiedNotes(piece, [])).toEqual({ notes: 6, absolute: 0, relative: 0 });
  });

  it("of drums are no notes of a piano", () => {
    expect(copiedNotes(noteRuns(melody(tune)), [noteRuns(melody(tune, { isDrum: true }))]).absolute).toBe(0);
  });

  it("within a piece are its longest repeat", () => {
    expect(longestRepeat(noteRuns(melody([60, 62, 64, 72, 60, 62, 64, 71])))).toBe(2);
    expect(longestRepeat(noteRuns(melody([71, 60, 62, 64, 72, 60, 62, 64])))).toBe(3);
  });
});
