import { describe, expect, it } from "vitest";
import { integratedLoudness, soundFaults } from "./loudness.js";

function tone(hertz: number, decibels: number, seconds: number, rate = 48_000): Float32Array {
  const peak = 10 ** (decibels / 20);
  return Float32Array.from(
    { length: seconds * rate },
    (_, i) => peak * Math.sin((2 * Math.PI * hertz * i) / rate),
  );
}

describe("integrated loudness", () => {
  it.each([48_000, 16_000, 8000])("of a tone at full scale on one channel is -3.01 LUFS: %i Hz", (rate) => {
    // The filters are bent a little near half the lowest rate.
    expect(Math.abs(integratedLoudness([tone(997, 0, 1, rate)], rate) + 3.01)).toBeLessThan(0.1);
  });

  // EBU Tech 3341, table 1: within 0.1 LU.
  it("of a stereo tone at -23 dBFS is -23 LUFS", () => {
    const left = tone(1000, -23, 1);
    expect(Math.abs(integratedLoudness([left, left], 48_000) + 23)).toBeLessThan(0.1);
  });

  it("leaves out what is much quieter, and silence", () => {
    const [quiet, loud] = [tone(1000, -36, 1, 16_000), tone(1000, -23, 2, 16_000)];
    const whole = Float32Array.of(...quiet, ...loud, ...quiet, ...new Float32Array(16_000));
    // Blocks that reach into the quiet parts count where half is loud; ungated it would be -26.8.
    expect(Math.abs(integratedLoudness([whole, whole], 16_000) + 23)).toBeLessThan(0.6);
  });

  it("hears bass less and treble more", () => {
    const of = (hertz: number) => integratedLoudness([tone(hertz, -20, 0.5)], 48_000);
    expect(of(40)).toBeLessThan(of(1000) - 3);
    expect(Math.abs(of(10_000) - of(1000) - 3.3)).toBeLessThan(0.3); // the shelf, 4 dB, of which 1 kHz has 0.7
  });

  it("of a sound shorter than a block is that of the sound; of silence nothing", () => {
    const short = tone(1000, -20, 0.2);
    expect(Math.abs(integratedLoudness([short], 48_000) + 23)).toBeLessThan(0.3);
    expect(integratedLoudness([new Float32Array(48_000)], 48_000)).toBe(Number.NEGATIVE_INFINITY);
    expect(integratedLoudness([new Float32Array()], 48_000)).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe("faults of a sound", () => {
  const clean = tone(440, -6, 0.5, 16_000).map(
    (value, i, all) => value * Math.min(1, i / 80, (all.length - i) / 80),
  );

  it("a clean tone has none", () => {
    const { dc, ...counted } = soundFaults(clean, 16_000);
    expect(counted).toEqual({ clipped: 0, clicks: 0 });
    expect(Math.abs(dc)).toBeLessThan(1e-3);
  });

  it("finds an offset", () => {
    expect(
      soundFaults(
        clean.map((value) => value + 0.1),
        16_000,
      ).dc,
    ).toBeCloseTo(0.1, 3);
  });

  it("counts what is cut off at full scale, but no single peak", () => {
    const loud = clean.map((value) => Math.max(-1, Math.min(1, 3 * value)));
    expect(soundFaults(loud, 16_000).clipped).toBe(loud.filter((value) => Math.abs(value) === 1).length);
    expect(soundFaults(Float32Array.of(0, 0.9, 1, 0.9, 0), 16_000).clipped).toBe(0);
  });

  it("counts jumps, in the middle and at both ends", () => {
    const jumps = clean.map((value, i) => (i > 4000 ? value + 0.3 : value));
    expect(soundFaults(jumps, 16_000).clicks).toBe(2); // the jump, and the end
    const begun = clean.subarray(100 + 9); // at a peak, 9 samples behind a zero
    expect(soundFaults(begun, 16_000).clicks).toBe(1);
  });
});
