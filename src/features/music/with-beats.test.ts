import { describe, expect, it } from "vitest";
import { type Beat, readBeats } from "../../data/music/beats.js";
import { MusicError } from "../../data/music/errors.js";
import type { Note, Score } from "../../data/music/score.js";
import { secondsAt } from "../../data/music/score-time.js";
import { quantised } from "./quantise.js";
import { withBeats } from "./with-beats.js";

/** A performance on a grid of its own: 1000 ticks a second. */
const performance = (seconds: readonly number[]): Score => ({
  ticksPerBeat: 500,
  notes: seconds.map((start): Note => {
    const tick = Math.round(start * 1000);
    return { start: tick, end: tick + 100, pitch: 60, velocity: 80, program: 0, isDrum: false };
  }),
  tempos: [{ tick: 0, beatsPerMinute: 120 }],
  timeSignatures: [{ tick: 0, numerator: 1, denominator: 4 }],
});

/** Beats of which every one in `inBar`, counted from `first`, begins a bar. */
const beatsOf = (seconds: readonly number[], first = 0, inBar = 4): Beat[] =>
  seconds.map((at, i) => ({ seconds: at, startsBar: i >= first && (i - first) % inBar === 0 }));

describe("a performance on beats", () => {
  it("has notes on the grid whose seconds are those of beats that slow down", () => {
    const times = [0.3, 0.8, 1.3, 1.8, 2.4, 3, 3.6, 4.2, 4.8];
    const between = times.slice(1).flatMap((at, i) => [times[i], (times[i] + at) / 2]);
    const score = withBeats(performance(between), beatsOf(times));
    expect(quantised(score, { stepsPerBeat: 2 }).report.offGrid).toBe(0);
    expect(score.notes.map(({ start }) => start / 240)).toEqual(between.map((_, i) => i));
    expect(score.tempos).toEqual([
      { tick: 0, beatsPerMinute: 114.286 },
      { tick: 4 * 480, beatsPerMinute: 100 },
    ]);
    expect(score.timeSignatures).toEqual([{ tick: 0, numerator: 4, denominator: 4 }]);
  });

  it("goes at the tempo it was played in", () => {
    const times = Array.from({ length: 9 }, (_, i) => 0.5 + i * 0.75);
    const score = withBeats(performance(times), beatsOf(times));
    const seconds = score.notes.map(({ start }) => secondsAt(score)(start));
    seconds.forEach((at, i) => {
      expect(at - seconds[0]).toBeCloseTo(times[i] - times[0], 2); // a tick is 1.6 ms
    });
  });

  it("puts silence before an upbeat, so that bars begin at their first beats", () => {
    const times = [1, 2, 3, 4, 5, 6, 7];
    const score = withBeats(performance([0.5, 1, 3]), beatsOf(times, 2, 3));
    expect(score.notes.map(({ start }) => start / 480)).toEqual([0.5, 1, 3]);
    expect(score.timeSignatures).toEqual([{ tick: 0, numerator: 3, denominator: 4 }]);
  });

  it("changes the time signature where bars change", () => {
    const marks = [1, 0, 0, 0, 1, 0, 0, 1, 0, 0];
    const beats = marks.map((mark, i) => ({ seconds: i, startsBar: mark === 1 }));
    expect(withBeats(performance([0]), beats).timeSignatures).toEqual([
      { tick: 0, numerator: 4, denominator: 4 },
      { tick: 4 * 480, numerator: 3, denominator: 4 },
    ]);
  });

  it("refuses beats that do not follow each other", () => {
    for (const seconds of [[], [1], [1, 1], [2, 1]]) {
      expect(() => withBeats(performance([0]), beatsOf(seconds))).toThrow(MusicError);
    }
  });

  it("reads POP909's file of beats", () => {
    expect(readBeats("0.58 1.0 1.0\r\n1.44 0.0 0.0\n2.3 1.0 0.0\n", "beat_midi.txt")).toEqual([
      { seconds: 0.58, startsBar: true },
      { seconds: 1.44, startsBar: false },
      { seconds: 2.3, startsBar: false },
    ]);
    for (const text of ["x 0 1", "1.0 1.0", "1 0 2"]) expect(() => readBeats(text, "a")).toThrow(/a:1: /);
  });
});
