import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MusicError } from "../../data/music/errors.js";
import type { Note, Score } from "../../data/music/score.js";
import { quantised } from "./quantise.js";

const note = (start: number, end: number): Note => ({
  start,
  end,
  pitch: 60,
  velocity: 80,
  program: 0,
  isDrum: false,
});

function scoreOf(notes: Note[]): Score {
  return {
    ticksPerBeat: 480,
    notes,
    tempos: [{ tick: 0, beatsPerMinute: 120 }],
    timeSignatures: [{ tick: 0, numerator: 4, denominator: 4 }],
  };
}

describe("quantisation", () => {
  it("leaves what lies on the grid, and says so", () => {
    const step = fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        (steps, stepsPerBeat) => {
          const ticks = 480 / gcd(480, stepsPerBeat);
          const notes = steps.map(([start, length]) => note(start * ticks, (start + length) * ticks));
          const { score, report } = quantised(scoreOf(notes), { stepsPerBeat: 480 / ticks });
          expect(score.notes).toEqual(
            steps.map(([start, length]) => note(start, start + length)).sort((a, b) => a.start - b.start),
          );
          expect(report).toMatchObject({ offGrid: 0, meanDisplacement: 0, largestDisplacement: 0 });
        },
      ),
      { seed: 1 },
    );
  });

  it("moves beginnings and lengths to the nearest step, and reports by how many beats", () => {
    const { score, report } = quantised(scoreOf([note(0, 10), note(59, 300), note(180, 240)]), {
      stepsPerBeat: 4,
    });
    expect(score.notes.map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [0, 2],
      [2, 3],
    ]);
    expect(report.offGrid).toBeCloseTo(2 / 3, 12);
    expect(report.meanDisplacement).toBeCloseTo((59 + 60) / 480 / 3, 12);
    expect(report.largestDisplacement).toBeCloseTo(60 / 480, 12);
  });

  it("keeps the last of changes that meet at one step", () => {
    const tempos = [0, 10, 470].map((tick) => ({ tick, beatsPerMinute: 100 + tick }));
    const { score } = quantised({ ...scoreOf([note(0, 480)]), tempos }, { stepsPerBeat: 4 });
    expect(score.tempos).toEqual([
      { tick: 0, beatsPerMinute: 110 },
      { tick: 4, beatsPerMinute: 570 },
    ]);
  });

  it("refuses steps that are no number of them", () => {
    for (const stepsPerBeat of [0, 1.5, -4, Number.NaN]) {
      expect(() => quantised(scoreOf([note(0, 1)]), { stepsPerBeat })).toThrow(MusicError);
    }
  });
});

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
