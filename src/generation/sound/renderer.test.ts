import { expect, it } from "vitest";
import { tone } from "../../../test/sounds.js";
import { randomStream } from "../../core/random.js";
import { scaleBands } from "../../features/audio/band-scaling.js";
import { melWindow, samplesOfFrames } from "../../features/audio/clip.js";
import { slaneyMel } from "../../features/audio/slaney-mel.js";
import { griffinLimRenderer, type Renderer, soundOf } from "./renderer.js";

const mel = slaneyMel(8000);
const scaling = { mean: Array<number>(mel.bands).fill(-6), deviation: Array<number>(mel.bands).fill(3) };
const frames = 40;
const sound = melWindow(mel, tone(0.5, 500, 8000).samples, { lead: 0, frames });
const which = { seed: 1, number: 0 };

it("makes of a tone's spectrogram a tone of the same pitch, as long as its frames", async () => {
  const samples = await soundOf(griffinLimRenderer(mel), scaleBands(sound, scaling), { mel, scaling }, which);
  expect(samples.length).toBe(samplesOfFrames(mel, frames));
  let crossings = 0;
  for (let i = 1; i < samples.length; i++) if (samples[i - 1] < 0 !== samples[i] < 0) crossings++;
  // Twice a period of 500 Hz; the ends may add or lose some.
  expect(Math.abs(crossings - (2 * 500 * samples.length) / 8000)).toBeLessThan(10);
});

it("hands over frames in order, nothing under the floor, and phases by seed and number alone", async () => {
  const told: { mel: Float32Array; random: number }[] = [];
  const renderer: Renderer = {
    name: "none",
    async render(mel, _frames, random) {
      told.push({ mel, random: random.uniform() });
      return mel;
    },
  };
  const scaled = scaleBands(sound, scaling);
  scaled[1] = -100;
  for (const number of [0, 0, 1]) await soundOf(renderer, scaled, { mel, scaling }, { seed: 1, number });
  expect(told[0].mel[mel.bands]).toBeCloseTo(Math.log(mel.floor), 6); // frame 1 of band 0
  expect(told[0].mel[3]).toBeCloseTo(sound[3 * frames], 4); // frame 0 of band 3
  expect(told[0].random).toBe(randomStream(1, "phases", 0).uniform());
  expect(told.map(({ random }) => random === told[0].random)).toEqual([true, true, false]);
});
