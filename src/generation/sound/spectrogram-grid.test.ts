import { expect, it } from "vitest";
import { slaneyMel } from "../../features/audio/slaney-mel.js";
import { spectrogramGrid } from "./spectrogram-grid.js";

const mel = { ...slaneyMel(8000), bands: 2 };

it("has low bands below, black for the floor and white for loud, in four columns", () => {
  // In the scale of a model: -1 is the floor in the low band, 1 beyond white in the high one.
  const scaling = { mean: [0, 0], deviation: [-Math.log(mel.floor), 20] };
  const spectrogram = Float32Array.of(-1, -1, -1, 1, 1, 1); // [2 bands, 3 frames]
  const five = new Float32Array(5 * 6);
  for (let i = 0; i < 5; i++) five.set(spectrogram, i * 6);
  const { pixels, channels, height, width } = spectrogramGrid(five, { mel, scaling }, 3);
  expect([channels, height, width]).toEqual([1, 2 + 2 * (2 + 2), 2 + 4 * (3 + 2)]);
  const at = (row: number, column: number) => pixels[row * width + column];
  expect([at(2, 2), at(2, 4), at(3, 2), at(3, 4)]).toEqual([255, 255, 0, 0]);
});
