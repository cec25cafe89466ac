import { BasicSoundBank } from "spessasynth_core";
import { describe, expect, it } from "vitest";
import type { Note, Score } from "../../data/music/score.js";
import { GenerationError } from "../errors.js";
import { renderScore } from "./render.js";

const sampleRate = 22_050;
const note = (start: number, end: number, pitch: number, more: Partial<Note> = {}): Note => ({
  ...{ start, end, pitch, velocity: 100, program: 0, isDrum: false },
  ...more,
});
/** A beat is half a second, a tick a millisecond. */
const scoreOf = (notes: Note[]): Score => ({
  ticksPerBeat: 500,
  notes,
  tempos: [{ tick: 0, beatsPerMinute: 120 }],
  timeSignatures: [{ tick: 0, numerator: 4, denominator: 4 }],
});

/** Where sound first exceeds a hundredth of full scale, in seconds. */
const firstSound = (samples: Float32Array) => samples.findIndex((s) => Math.abs(s) > 0.01) / sampleRate;
const peak = (samples: Float32Array) => samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0);

/** How strongly a stretch of sound has a frequency. [Goertzel] */
function strength(samples: Float32Array, from: number, seconds: number, frequency: number): number {
  const stretch = samples.subarray(from * sampleRate, (from + seconds) * sampleRate);
  let [re, im] = [0, 0];
  stretch.forEach((sample, i) => {
    const angle = (2 * Math.PI * frequency * i) / sampleRate;
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
  });
  return Math.hypot(re, im) / stretch.length;
}

const hertz = (pitch: number) => 440 * 2 ** ((pitch - 69) / 12);

/** A soundfont of a saw wave. */
const soundfont = async () => new Uint8Array(BasicSoundBank.getSampleSoundBankFile());

describe.each([
  ["an organ", async () => undefined],
  ["a soundfont", soundfont],
])("music played by %s", (_, fontOf) => {
  it("has its notes at their times and pitches, and is as loud as may be", async () => {
    const score = scoreOf([note(500, 1000, 60), note(1500, 2000, 67)]);
    const { left, right } = await renderScore(score, { soundfont: await fontOf(), sampleRate });
    expect(left.length / sampleRate).toBeCloseTo(4, 3);
    expect(Math.abs(firstSound(left) - 0.5)).toBeLessThan(0.03); // a block of 23 ms
    expect(Math.max(peak(left), peak(right))).toBeCloseTo(10 ** (-1 / 20), 4);
    for (const [at, pitch, other] of [
      [0.6, 60, 67],
      [1.6, 67, 60],
    ]) {
      const strengths = [pitch, other].map((p) => strength(left, at, 0.3, hertz(p)));
      expect(strengths[0]).toBeGreaterThan(10 * strengths[1]);
    }
  });
});

describe("music played by an organ", () => {
  it("has louder notes for greater velocities, and low ones on the left", async () => {
    const score = scoreOf([note(0, 400, 36, { velocity: 40 }), note(500, 900, 36, { velocity: 80 })]);
    const { left, right } = await renderScore(score, { sampleRate });
    const [soft, loud] = [0.1, 0.6].map((at) => strength(left, at, 0.2, hertz(36)));
    expect(loud / soft).toBeCloseTo(4, 1);
    expect(peak(left)).toBeGreaterThan(1.2 * peak(right));
  });

  it("has no harmonics that the sample rate cannot hold", async () => {
    const { left } = await renderScore(scoreOf([note(0, 1000, 115)]), { sampleRate });
    const [tone, folded] = [hertz(115), sampleRate - 3 * hertz(115)].map((f) => strength(left, 0.1, 0.5, f));
    expect(tone).toBeGreaterThan(30 * folded);
  });

  it("has drums that differ, and ends in silence", async () => {
    const drums = [36, 38, 42].map((pitch, i) => note(i * 500, i * 500 + 100, pitch, { isDrum: true }));
    const { left } = await renderScore(scoreOf(drums), { sampleRate });
    const low = [0, 0.5, 1].map((at) => strength(left, at, 0.2, 60));
    expect(low[0]).toBeGreaterThan(5 * Math.max(low[1], low[2]));
    expect(peak(left.subarray(0.5 * sampleRate, 0.6 * sampleRate))).toBeGreaterThan(0.1);
    expect(peak(left.subarray(2 * sampleRate))).toBe(0);
  });
});

it("music without notes is silent", async () => {
  const { left } = await renderScore(scoreOf([]), { sampleRate });
  expect([left.length, peak(left)]).toEqual([2 * sampleRate, 0]);
});

it("what is no soundfont, and music of over an hour, are refused", async () => {
  const bad = new TextEncoder().encode("RIFF this is no soundfont at all");
  await expect(renderScore(scoreOf([note(0, 1, 60)]), { soundfont: bad })).rejects.toThrow(GenerationError);
  await expect(renderScore(scoreOf([note(4_000_000, 4_000_001, 60)]))).rejects.toThrow(/too long/);
});
