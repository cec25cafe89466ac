import { describe, expect, it } from "vitest";
import { OptimizerError } from "./optimizer.js";
import { type Schedule, scheduleFactor } from "./schedule.js";

const factors = (schedule: Schedule, totalSteps: number) =>
  Array.from({ length: totalSteps + 1 }, (_, step) => scheduleFactor(schedule, step, totalSteps));

describe("scheduleFactor", () => {
  it("is one throughout when constant", () => {
    expect(new Set(factors({ kind: "constant" }, 10))).toEqual(new Set([1]));
  });

  it.each(["constant", "cosine", "linear", "wsd"] as const)("warms up linearly to one: %s", (kind) => {
    const values = factors({ kind, warmupSteps: 4 }, 40).slice(0, 5);
    for (const [step, value] of values.entries()) expect(value).toBeCloseTo((step + 1) / 5, 12);
  });

  it("falls along half a cosine to the final factor", () => {
    const values = factors({ kind: "cosine", warmupSteps: 10 }, 110);
    expect(values[10]).toBe(1);
    expect(values[60]).toBeCloseTo(0.1 + 0.9 / 2, 12);
    expect(values[35]).toBeCloseTo(0.1 + (0.9 * (1 + Math.SQRT1_2)) / 2, 12);
    expect(values[109]).toBeGreaterThan(0.1);
    expect(values[110]).toBeCloseTo(0.1, 12);
  });

  it("falls in a line to zero or the final factor", () => {
    expect(factors({ kind: "linear" }, 4)).toEqual([1, 0.75, 0.5, 0.25, 0]);
    expect(factors({ kind: "linear", finalFactor: 0.5 }, 4)).toEqual([1, 0.875, 0.75, 0.625, 0.5]);
  });

  it("stays stable, then decays in the last fifth: no step of the run has a rate of zero", () => {
    const values = factors({ kind: "wsd", warmupSteps: 2 }, 20);
    expect(values.slice(2, 17)).toEqual(new Array(15).fill(1));
    expect(values.slice(17)).toEqual([0.75, 0.5, 0.25, 0]);
    expect(factors({ kind: "wsd", decaySteps: 10, finalFactor: 0.2 }, 20)[15]).toBeCloseTo(0.6, 12);
  });

  it("never rises after the warm-up and stays at its end beyond the run", () => {
    for (const kind of ["cosine", "linear", "wsd"] as const) {
      const values = factors({ kind, warmupSteps: 5 }, 50).slice(5);
      for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1]);
      expect(scheduleFactor({ kind, warmupSteps: 5 }, 70, 50)).toBeCloseTo(values.at(-1)!, 12);
    }
  });

  it("takes a run that is all warm-up, and refuses a longer one", () => {
    expect(scheduleFactor({ kind: "cosine", warmupSteps: 10 }, 9, 10)).toBeCloseTo(10 / 11, 12);
    expect(() => scheduleFactor({ kind: "cosine", warmupSteps: 11 }, 0, 10)).toThrow(OptimizerError);
    expect(() => scheduleFactor({ kind: "wsd", warmupSteps: 6, decaySteps: 5 }, 0, 10)).toThrow(
      /warm-up 6 \+ decay 5 of 10 steps/,
    );
  });
});
