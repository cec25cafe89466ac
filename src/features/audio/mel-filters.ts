import type { MelSpectrogram } from "./mel-settings.js";

const scales = {
  /** HTK's and Kaldi's; O'Shaughnessy, "Speech communication", 1987. */
  htk: {
    toMel: (hertz: number) => 1127 * Math.log1p(hertz / 700),
    toHertz: (mel: number) => 700 * Math.expm1(mel / 1127),
  },
  /** Linear up to 1000 Hz, then 27 mel for a factor of 6.4; Slaney, "Auditory toolbox", 1998. */
  slaney: {
    toMel: (hertz: number) =>
      hertz < 1000 ? hertz * 0.015 : 15 + (27 * Math.log(hertz / 1000)) / Math.log(6.4),
    toHertz: (mel: number) => (mel < 15 ? mel / 0.015 : 1000 * Math.exp((Math.log(6.4) * (mel - 15)) / 27)),
  },
};

/** The triangles: for each band the weights [fftSize / 2 + 1] of the spectrum's bins. */
export function melFilters(settings: MelSpectrogram): readonly Float64Array[] {
  const { sampleRate, fftSize, bands, fmin, fmax, filterNorm } = settings;
  const { toMel, toHertz } = scales[settings.melScale];
  const isInMel = settings.triangles === "mel";
  const [low, high] = [toMel(fmin), toMel(fmax)];
  const mels = Array.from({ length: bands + 2 }, (_, i) => low + (i * (high - low)) / (bands + 1));
  const hertz = mels.map(toHertz);
  const corners = isInMel ? mels : hertz;
  const bins = Array.from({ length: fftSize / 2 + 1 }, (_, bin) => (bin * sampleRate) / fftSize);
  const places = isInMel ? bins.map(toMel) : bins;
  return Array.from({ length: bands }, (_, band) => {
    const [left, centre, right] = corners.slice(band, band + 3);
    const height = filterNorm === "slaney" ? 2 / (hertz[band + 2] - hertz[band]) : 1;
    return Float64Array.from(places, (at) => {
      return height * Math.max(0, Math.min((at - left) / (centre - left), (right - at) / (right - centre)));
    });
  });
}
