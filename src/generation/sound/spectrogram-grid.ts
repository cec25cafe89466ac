/** Spectrograms that models draw, beside each other. */
import { type BandScaling, unscaleBands } from "../../features/audio/band-scaling.js";
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { imageGrid, type Picture } from "../images/pictures.js";

/** What is white, in the logarithm of magnitudes: louder than all but the loudest of levelled sounds. */
const white = 2;

/**
 * Grey spectrograms [n, bands, frames] in the scale of a model, low bands below, four beside each other: black is the
 * floor of the settings.
 */
export function spectrogramGrid(
  spectrograms: Float32Array,
  { mel, scaling }: { readonly mel: MelSpectrogram; readonly scaling: BandScaling },
  frames: number,
): Picture {
  const { bands } = mel;
  const size = bands * frames;
  const floor = Math.log(mel.floor);
  const values = new Float32Array(spectrograms.length);
  for (let start = 0; start < values.length; start += size) {
    const logs = unscaleBands(spectrograms.subarray(start, start + size), scaling);
    for (let band = 0; band < bands; band++) {
      const row = logs.subarray(band * frames, (band + 1) * frames);
      const shades = row.map((value) => (2 * (value - floor)) / (white - floor) - 1);
      values.set(shades, start + (bands - 1 - band) * frames);
    }
  }
  return imageGrid(values, { channels: 1, height: bands, width: frames }, { columns: 4 });
}
