/** Log-mel features against Transformers, Kaldi and librosa. See make_audio_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { speechFeatures } from "../../src/features/audio/feature-extractor.js";
import { melFilters } from "../../src/features/audio/mel-filters.js";
import { kaldiMel, whisperMel } from "../../src/features/audio/mel-settings.js";
import { logMel } from "../../src/features/audio/mel-spectrogram.js";
import { slaneyMel } from "../../src/features/audio/slaney-mel.js";

interface Golden {
  seamless: Record<string, { mask: number[]; features: number[] }>;
  kaldi: { samples: number; features: number[] };
  whisper: { samples: number; features: number[] };
  librosa: { sampleRate: number; samples: number; filters: number[]; features: number[] }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("goldens/audio-features.json", import.meta.url), "utf8"),
);

/** The sound of make_audio_goldens.py. */
function sound(samples: number, rate: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: samples }, (_, i) => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const turn = (2 * Math.PI * i) / rate;
    const tones = 0.3 * Math.sin(220 * turn) + 0.2 * Math.sin(1370 * turn);
    const chirp = 0.2 * Math.sin(turn * (300 + (20000 * i) / rate));
    const swell = 0.1 + Math.abs(Math.sin(7 * turn));
    const value = (swell * (tones + chirp)) / 1.1 + 0.01 * (state / 2 ** 31 - 1);
    return Math.round(32768 * value) / 32768;
  });
}

function expectClose(found: ArrayLike<number>, wanted: readonly number[], tolerance: number): void {
  expect(found).toHaveLength(wanted.length);
  const worst = Math.max(...wanted.map((value, i) => Math.abs(found[i] - value)));
  expect(worst).toBeLessThan(tolerance);
}

describe("Kaldi's filter banks", () => {
  // Both compute in float64; theirs keeps spectra and logarithms in float32: 1e-6 of numbers to 20, over deviations
  // from 0.1 on.
  it.each(Object.entries(golden.seamless))(
    "are those of SeamlessM4TFeatureExtractor: %s samples",
    (n, wanted) => {
      const found = speechFeatures(sound(Number(n), 16000));
      expect([found.frames, found.bands]).toEqual([wanted.mask.length, 160]);
      expect(wanted.mask.map((_, row) => Number(row < found.valid))).toEqual(wanted.mask);
      expectClose(found.data, wanted.features, 2e-5);
    },
  );

  // Kaldi transforms in float32: in a band 60 dB under the loudest, magnitudes are right to 1e-4.
  it("are those of kaldi-native-fbank before they are normalised", () => {
    const { samples, features } = golden.kaldi;
    const found = logMel({ ...kaldiMel, normalisation: "none" }, sound(samples, 16000));
    expectClose(found.data, features, 1e-3);
  });
});

// Transformers' computes in float64 and keeps spectra in complex64.
it("Whisper's features are those of WhisperFeatureExtractor", () => {
  const { samples, features } = golden.whisper;
  expectClose(logMel(whisperMel, sound(samples, 16000)).data, features, 2e-6);
});

describe("Slaney's filters and the logarithm of vocoders", () => {
  // Librosa has window, spectrum and filters in float32.
  it.each(golden.librosa)(
    "are those of librosa: $sampleRate Hz",
    ({ sampleRate, samples, filters, features }) => {
      const settings = slaneyMel(sampleRate);
      const sums = melFilters(settings).map((filter) => filter.reduce((sum, weight) => sum + weight, 0));
      expectClose(sums, filters, 1e-7);
      expectClose(logMel(settings, sound(samples, sampleRate)).data, features, 2e-5);
    },
  );
});
