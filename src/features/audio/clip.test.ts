import { describe, expect, it } from "vitest";
import { tone } from "../../../test/sounds.js";
import { faded, levelled, melWindow, samplesOfFrames, transposed } from "./clip.js";
import { AudioFeatureError } from "./errors.js";
import { slaneyMel } from "./slaney-mel.js";

const peak = (samples: Float32Array) => samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const mel = slaneyMel(8000);

describe("levelled", () => {
  it("brings the peak to 1 dB under full scale and takes the mean away", () => {
    const loud = levelled(tone(0.2, 500, 8000).samples.map((value) => 0.01 * value + 0.3))!;
    expect(peak(loud)).toBeCloseTo(10 ** (-1 / 20), 6);
    expect(Math.abs(loud.reduce((sum, value) => sum + value, 0) / loud.length)).toBeLessThan(1e-6);
  });

  it("has nothing to say of silence, with or without an offset, of numbers that are none, and of no samples", () => {
    const silent = [new Float32Array(100), new Float32Array(100).fill(0.5), new Float32Array(0)];
    expect(silent.map(levelled)).toEqual([undefined, undefined, undefined]);
    expect(levelled(Float32Array.of(0.5, Number.NaN))).toBeUndefined();
  });
});

it("faded rises from zero and falls to zero within 5 ms, and leaves the rest", () => {
  const sound = faded(new Float32Array(800).fill(0.5), 8000);
  expect([sound[0], sound[799]]).toEqual([0, 0]);
  expect([...sound.subarray(40, 760)]).toEqual(Array(720).fill(0.5));
  expect(faded(Float32Array.of(1), 8000)).toEqual(Float32Array.of(1));
});

describe("melWindow", () => {
  it("begins after the lead of silence, is filled behind, and has bands as rows", () => {
    const frames = 40;
    const window = melWindow(mel, tone(0.1, 500, 8000).samples, { lead: 8, frames });
    expect(window.length).toBe(mel.bands * frames);
    const loudest = (frame: number) =>
      Math.max(...Array.from({ length: mel.bands }, (_, band) => window[band * frames + frame]));
    const floor = Math.log(mel.floor);
    // A frame reaches two hops to either side: the tone is from frame 8 to 20.5.
    for (const frame of [0, 5, 23, 39]) expect(loudest(frame)).toBeCloseTo(floor, 5);
    for (const frame of [9, 14, 19]) expect(loudest(frame)).toBeGreaterThan(-1);
  });

  it("cuts what is longer", () => {
    const long = tone(2, 500, 8000).samples;
    const cut = long.subarray(0, samplesOfFrames(mel, 20));
    expect(melWindow(mel, long, { lead: 0, frames: 20 })).toEqual(
      melWindow(mel, cut, { lead: 0, frames: 20 }),
    );
  });

  it("refuses a window that the lead fills", () => {
    expect(() => melWindow(mel, tone(1).samples, { lead: 19, frames: 20 })).toThrow(AudioFeatureError);
  });
});

it("transposed turns rows into columns and back", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect(transposed(values, 3)).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
  expect(transposed(transposed(values, 3), 2)).toEqual(values);
});
