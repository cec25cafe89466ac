import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import { meanSquare } from "./level.js";
import { addNoise, type NoiseOptions } from "./noise.js";
import { powerSpectrum } from "./power-spectrum.js";

const sound = Float32Array.from({ length: 8000 }, (_, i) => 0.2 * Math.sin(i / 5));
const voices = [3, 7, 11].map((period) =>
  Float32Array.from({ length: 300 * period }, (_, i) => Math.sin(i / period)),
);
const noisy = (options: NoiseOptions, step = 0, of = sound) =>
  addNoise(of, options, randomStream(1, "noise", step));
const added = (options: NoiseOptions) => noisy(options).map((value, i) => value - sound[i]);

describe("noise", () => {
  it.each<[string, NoiseOptions["noise"]]>([
    ["white", "white"],
    ["pink", "pink"],
    ["of other utterances", voices],
  ])("that is %s has the ratio asked for", (_, noise) => {
    for (const snrDb of [-5, 0, 20]) {
      const ratio = 10 * Math.log10(meanSquare(sound) / meanSquare(added({ snrDb, noise })));
      // The noise is found again as a difference of float32 numbers.
      expect(Math.abs(ratio - snrDb)).toBeLessThan(1e-3);
    }
  });

  it("is a function of the stream", () => {
    for (const noise of ["white", "pink", voices] as const) {
      expect(noisy({ snrDb: 10, noise }, 1)).toEqual(noisy({ snrDb: 10, noise }, 1));
      expect(noisy({ snrDb: 10, noise }, 1)).not.toEqual(noisy({ snrDb: 10, noise }, 2));
    }
  });

  it("falls by 3 dB an octave when it is pink, and not when it is white", () => {
    for (const [noise, fall] of [
      ["pink", 3],
      ["white", 0],
    ] as const) {
      const spectrum = powerSpectrum(4096)(Float64Array.from(added({ snrDb: 0, noise }).subarray(0, 4096)));
      const octave = (bin: number) =>
        10 * Math.log10(meanSquare(new Float32Array(spectrum.slice(bin, 2 * bin).map(Math.sqrt))));
      // Three octaves. Means of 128 and 1024 bins: deviations of 0.4 and 0.1 dB; the filter's own 0.5.
      expect(Math.abs(octave(128) - octave(1024) - 3 * fall)).toBeLessThan(2);
    }
  });

  it("is not added where a ratio cannot be", () => {
    const silence = new Float32Array(100);
    expect(noisy({ snrDb: 10, noise: "white" }, 0, silence)).toEqual(silence);
    expect(noisy({ snrDb: 10, noise: [silence] })).toEqual(sound);
  });

  it.each<[string, NoiseOptions]>([
    ["snrDb: NaN", { snrDb: Number.NaN, noise: "white" }],
    ["utterances of [] samples", { snrDb: 10, noise: [] }],
    ["utterances of [900,0] samples", { snrDb: 10, noise: [voices[0], new Float32Array(0)] }],
  ])("is refused: %s", (said, options) => {
    expect(() => noisy(options)).toThrow(AudioFeatureError);
    expect(() => noisy(options)).toThrow(said);
  });
});
