import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { noteNumber, pitchOf } from "./pitch.js";

it.each([
  ["A4", 69],
  ["C4", 60],
  ["D#4", 63],
  ["Eb4", 63],
  ["A0", 21],
  ["C-1", 0],
])("%s is %i", (name, number) => {
  expect(noteNumber(name)).toBe(number);
});

it.each(["H4", "kick", "A", "A44", ""])("%s is no note", (name) => {
  expect(noteNumber(name)).toBeUndefined();
});

/** Harmonics that fall off, as a plucked string has them, stretched as a stiff one's; the first may be missing. */
function string(pitch: number, first: number, sampleRate = 16_000): Float32Array {
  const hertz = 440 * 2 ** ((pitch - 69) / 12);
  const random = randomStream(1, `${pitch}`);
  const samples = new Float32Array(sampleRate / 2);
  for (let k = first; k <= 20 && k * hertz < sampleRate / 2; k++) {
    const turn = (2 * Math.PI * k * hertz * Math.sqrt(1 + 1e-4 * k * k)) / sampleRate;
    const phase = 2 * Math.PI * random.uniform();
    for (let i = 0; i < samples.length; i++) {
      samples[i] += (Math.sin(turn * i + phase) / k) * Math.exp((-3 * i) / sampleRate);
    }
  }
  return samples;
}

describe("pitchOf", () => {
  it.each([24, 36, 45, 60, 69, 81, 100])("hears %i", (pitch) => {
    expect(Math.abs(pitchOf(string(pitch, 1), 16_000) - pitch)).toBeLessThan(0.3);
  });

  it("hears a note whose first harmonic is missing", () => {
    expect(Math.abs(pitchOf(string(33, 2), 16_000) - 33)).toBeLessThan(0.3);
  });

  it("tells neighbours apart", () => {
    expect(Math.abs(pitchOf(string(61, 1), 16_000) - 60)).toBeGreaterThan(0.5);
  });

  it("hears nothing in silence", () => {
    expect(pitchOf(new Float32Array(1000), 16_000)).toBeNaN();
  });
});
