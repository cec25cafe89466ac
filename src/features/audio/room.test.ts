import { describe, expect, it } from "vitest";
import { fillNormal, randomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import { meanSquare } from "./level.js";
import { addRoom } from "./room.js";

const inRoom = (samples: Float32Array, decaySeconds: number, step = 0) =>
  addRoom(samples, { decaySeconds }, randomStream(1, "room", step));

function click(samples: number, at = 0): Float32Array {
  const sound = new Float32Array(samples);
  sound[at] = 1;
  return sound;
}

const speech = new Float32Array(3000);
fillNormal(speech, randomStream(1, "speech"), 0.1);

describe("a room", () => {
  it("answers a click with the click and as much power of echo, which falls by 60 dB in the decay", () => {
    const found = inRoom(click(8000), 0.4);
    const tail = found.slice(1);
    expect(10 * Math.log10(found[0] ** 2 / (meanSquare(tail) * tail.length))).toBeCloseTo(0, 2);
    const part = (start: number) => meanSquare(tail.subarray(start, start + 800));
    // 800 samples, an eighth of the decay: chi-squared deviations of 0.2 dB each.
    expect(Math.abs(10 * Math.log10(part(0) / part(3200)) - 30)).toBeLessThan(1.5);
    expect(meanSquare(found.subarray(6400))).toBeLessThan(1e-14);
  });

  it("answers each sound by the sum of its answers to clicks, over all blocks", () => {
    const response = inRoom(click(3000), 0.02);
    const scale = 1 / response[0];
    const direct = speech.map((_, i) => {
      let sum = 0;
      for (let at = 0; at <= Math.min(i, 319); at++) sum += scale * response[at] * speech[i - at];
      return sum;
    });
    const found = inRoom(speech, 0.02);
    const level = Math.sqrt(meanSquare(found) / meanSquare(direct));
    // Float32 roundings of sums of 320 terms around 0.1.
    for (const [i, value] of found.entries()) expect(Math.abs(value - level * direct[i])).toBeLessThan(1e-6);
  });

  it("keeps length, level and place", () => {
    const found = inRoom(speech, 0.3);
    expect(found).toHaveLength(3000);
    expect(meanSquare(found) / meanSquare(speech)).toBeCloseTo(1, 4);
    const late = inRoom(click(3000, 1000), 0.3).map(Math.abs);
    expect(late.indexOf(Math.max(...late))).toBe(1000);
    // What the transform leaves of zeros.
    expect(Math.max(...late.subarray(0, 1000))).toBeLessThan(1e-12);
  });

  it("is a function of the stream, and silent in silence", () => {
    expect(inRoom(speech, 0.1, 4)).toEqual(inRoom(speech, 0.1, 4));
    expect(inRoom(speech, 0.1, 4)).not.toEqual(inRoom(speech, 0.1, 5));
    expect(inRoom(new Float32Array(50), 0.1)).toEqual(new Float32Array(50));
    expect(inRoom(new Float32Array(0), 0.1)).toHaveLength(0);
  });

  it.each([0, 4, Number.NaN])("with a decay of %d s is refused", (decaySeconds) => {
    expect(() => inRoom(speech, decaySeconds)).toThrow(AudioFeatureError);
    expect(() => inRoom(speech, decaySeconds)).toThrow(`decaySeconds: ${decaySeconds}`);
  });
});
