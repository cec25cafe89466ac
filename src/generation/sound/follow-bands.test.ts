import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { logMagnitudes, roughLogs } from "../../features/audio/mel-magnitudes.js";
import { logMel } from "../../features/audio/mel-spectrogram.js";
import { slaneyMel } from "../../features/audio/slaney-mel.js";
import { Stft } from "../../features/audio/stft.js";
import { followBands } from "./follow-bands.js";
import { griffinLim } from "./griffin-lim.js";

const settings = slaneyMel(8000);
const random = () => randomStream(1, "phases");
const noise = randomStream(2, "noise");
/** A fading chord in noise. */
const chord = Float32Array.from({ length: 4000 }, (_, i) => {
  const turn = (2 * Math.PI * i) / 8000;
  const tones = Math.sin(220 * turn) + Math.sin(555 * turn) + Math.sin(1700 * turn);
  return 0.2 * Math.exp(-i / 4000) * tones + 0.01 * noise.normal();
});
const { data: bands } = logMel(settings, chord);
const { length } = chord;

/** The mean difference of log-mel bands from those of the chord. */
const away = (sound: Float32Array) =>
  logMel(settings, sound).data.reduce((sum, value, i) => sum + Math.abs(value - bands[i]), 0) / bands.length;

describe("sound that follows mel bands", () => {
  it("has them nearer than by Griffin and Lim's method with as many iterations", () => {
    const rough = roughLogs(bands, settings);
    const found = away(followBands(rough, bands, settings, { iterations: 64, length, random: random() }));
    const plain = away(griffinLim(bands, settings, { iterations: 64, length, random: random() }));
    expect(found).toBeLessThan(0.6 * plain);
  });

  it("is nearer to the sound where its magnitudes are known", () => {
    const spectrum = new Stft(settings).forward(chord);
    const { bins } = spectrum;
    const known = logMagnitudes(spectrum, settings);
    const distance = (logs: Float32Array) => {
      const sound = followBands(logs, bands, settings, { iterations: 32, length, random: random() });
      const found = new Stft(settings).forward(sound).data;
      let sum = 0;
      for (const [i, log] of known.entries()) {
        const at = i + bins * Math.floor(i / bins);
        sum += (Math.hypot(found[at], found[at + bins]) - Math.exp(log)) ** 2;
      }
      return sum;
    };
    // Measured: 0.82.
    expect(distance(known)).toBeLessThan(0.9 * distance(roughLogs(bands, settings)));
  });

  it("is silent where the bands are, and the same for the same phases", () => {
    const silence = new Float32Array(bands.length).fill(Math.log(settings.floor));
    const options = { iterations: 4, length };
    const nothing = followBands(roughLogs(silence, settings), silence, settings, {
      ...options,
      random: random(),
    });
    expect(Math.max(...nothing.map(Math.abs))).toBeLessThan(1e-3);
    expect(
      followBands(roughLogs(silence, settings), silence, settings, { ...options, random: random() }),
    ).toEqual(nothing);
  });
});
