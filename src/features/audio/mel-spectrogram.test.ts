import { describe, expect, it } from "vitest";
import { fillUniform, randomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import { kaldiMel, whisperMel } from "./mel-settings.js";
import { type Frames, framesOf, logMel } from "./mel-spectrogram.js";
import { slaneyMel } from "./slaney-mel.js";

/** Tones that swell and fade, below 2 kHz. */
function tones(samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => {
    const turn = (2 * Math.PI * i) / 16000;
    const swell = 0.6 + 0.5 * Math.sin(3 * turn);
    return 0.3 * swell * (Math.sin(200 * turn) + Math.sin(700 * turn) + Math.sin(1900 * turn));
  });
}

function noise(samples: number, amplitude: number): Float32Array {
  const values = new Float32Array(samples);
  fillUniform(values, randomStream(1, "noise", samples), -amplitude, amplitude);
  return values;
}

const sumOf = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + b[i]);

function bandOf({ data, bands }: Frames, band: number): Float32Array {
  return data.filter((_, i) => i % bands === band);
}

function emptyBands(found: Frames): number[] {
  const bands = Array.from({ length: found.bands }, (_, band) => band);
  return bands.filter((band) => bandOf(found, band).every((value) => value === 0));
}

describe("a log-mel spectrogram", () => {
  const all = [kaldiMel, whisperMel, slaneyMel(8000), slaneyMel(22050)];

  it("has as many frames as were announced", () => {
    for (const settings of all) {
      const { windowLength, hop } = settings;
      expect(framesOf(settings, windowLength - 1)).toBe(0);
      for (const more of [0, 1, hop - 1, hop, 3 * hop + 5]) {
        const found = logMel(settings, noise(windowLength + more, 0.5));
        expect(found.frames).toBe(framesOf(settings, windowLength + more));
        expect(found.data).toHaveLength(found.frames * settings.bands);
        expect(found.data.every(Number.isFinite)).toBe(true);
      }
    }
    expect(framesOf(kaldiMel, 16000)).toBe(98);
    expect(framesOf(whisperMel, 16000)).toBe(100);
    expect(framesOf(slaneyMel(8000), 8000)).toBe(126);
  });

  it("of another sound does not depend on those before it", () => {
    const [long, short] = [tones(8000), tones(1100)];
    for (const settings of all) {
      const first = logMel(settings, short);
      logMel(settings, long);
      expect(logMel(settings, short)).toEqual(first);
    }
  });

  it.each([
    // (1000 - 31.7) / (2840 - 31.7) of 81 steps is 27.9, the peak of band 27; 15 / 45.2 of them is 26.9.
    ["Kaldi", { ...kaldiMel, normalisation: "none" as const }, 27],
    ["Whisper", whisperMel, 26],
  ])("shows a tone in the band where it lies: %s", (_, settings, wanted) => {
    const tone = Float32Array.from({ length: 4000 }, (_, i) => Math.sin((2 * Math.PI * 1000 * i) / 16000));
    const { data, bands } = logMel(settings, tone);
    const row = data.subarray(5 * bands, 6 * bands);
    expect(row.indexOf(Math.max(...row))).toBe(wanted);
  });

  it("is mirrored at both ends where frames have their middle at i * hop", () => {
    const sound = noise(2049, 0.5);
    const settings = slaneyMel(8000);
    const { data, frames, bands } = logMel(settings, sound);
    const reversed = logMel(settings, sound.toReversed()).data;
    for (let at = 0; at < frames; at++) {
      const other = (frames - 1 - at) * bands;
      for (let band = 0; band < bands; band++) {
        // Float32 logarithms of the same magnitudes, summed in another order.
        expect(Math.abs(data[at * bands + band] - reversed[other + band])).toBeLessThan(1e-5);
      }
    }
  });

  it("of Whisper spans no more than 8 powers of ten", () => {
    const faded = tones(8000).map((value, i) => (i < 4000 ? value : 0));
    const { data } = logMel(whisperMel, faded);
    expect(Math.max(...data) - Math.min(...data)).toBeCloseTo(2, 6);
  });
});

describe("normalised bands", () => {
  it("have mean 0 and variance 1, and forget how loud the sound was", () => {
    const sound = sumOf(tones(8000), noise(8000, 0.01));
    const found = logMel(kaldiMel, sound);
    for (let band = 0; band < found.bands; band++) {
      const values = bandOf(found, band);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      // 1e-7 under the root and float32 roundings of 48 numbers.
      expect(Math.abs(mean)).toBeLessThan(1e-6);
      expect(Math.abs(squares / (values.length - 1) - 1)).toBeLessThan(1e-4);
    }
    const quiet = logMel(
      kaldiMel,
      sound.map((value) => value / 8),
    );
    // Logarithms to 25 with float32's roundings of 1e-6, over deviations from 0.3 on.
    for (const [i, value] of quiet.data.entries()) expect(Math.abs(value - found.data[i])).toBeLessThan(2e-5);
  });

  it("are 0 in silence, and in a single frame", () => {
    expect(logMel(kaldiMel, new Float32Array(4000)).data.every((value) => value === 0)).toBe(true);
    const constant = new Float32Array(4000).fill(0.25);
    expect(logMel(kaldiMel, constant).data.every((value) => value === 0)).toBe(true);
    expect(logMel(kaldiMel, noise(400, 0.5)).data.every((value) => value === 0)).toBe(true);
  });

  it("are 0 where there is only the dirt of float32, and nowhere else", () => {
    const clean = tones(16000);
    const empty = emptyBands(logMel(kaldiMel, clean));
    // The window smears the loud tones up to 5 kHz, bands 60 to 66.
    expect(empty).toEqual(expect.arrayContaining([67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79]));
    expect(Math.min(...empty)).toBeGreaterThan(60);
    const dirt = bandOf(logMel({ ...kaldiMel, normalisation: "none" }, clean), 75);
    expect(Math.max(...dirt) - Math.min(...dirt)).toBeGreaterThan(1);
    expect(emptyBands(logMel(kaldiMel, sumOf(clean, noise(16000, 0.001))))).toEqual([]);
  });

  it("count the rounding of 16-bit samples as sound, also between pauses of zeros", () => {
    const step = 1 / 32768;
    const rounded = sumOf(tones(16000), noise(16000, step)).map((value) => Math.round(value / step) * step);
    expect(emptyBands(logMel(kaldiMel, rounded))).toEqual([]);
    expect(emptyBands(logMel(kaldiMel, noise(3200, 0.5 * step)))).toEqual([]);
    const pause = rounded.map((value, i) => (i < 6000 || i > 9000 ? value : 0));
    const found = logMel(kaldiMel, pause);
    // Frames of zeros lie at the floor, as in the programs: far under the mean.
    expect(Math.max(...found.data.subarray(45 * 80, 46 * 80))).toBeLessThan(-1);
  });
});

describe("sound without features is refused", () => {
  it("when it is shorter than a window", () => {
    expect(() => logMel(kaldiMel, noise(399, 0.5))).toThrow(AudioFeatureError);
    expect(() => logMel(kaldiMel, noise(399, 0.5))).toThrow("399 samples of 16000 Hz, a window has 400");
    expect(() => logMel(slaneyMel(8000), new Float32Array(0))).toThrow("give at least 32 ms");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("when it holds %d", (wrong) => {
    const sound = noise(4000, 0.5);
    sound[3999] = wrong;
    expect(() => logMel(whisperMel, sound)).toThrow(`sample 3999 of 4000 is ${wrong}`);
  });
});
