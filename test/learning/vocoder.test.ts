/** A vocoder learns by heart what Griffin and Lim's method leaves out of a few tones. */
import { expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { slaneyMel } from "../../src/features/audio/mel-settings.js";
import { logMel } from "../../src/features/audio/mel-spectrogram.js";
import { VocoderSpectra } from "../../src/features/audio/vocoder-spectra.js";
import { griffinLim } from "../../src/generation/sound/griffin-lim.js";
import { vocoder } from "../../src/models/vocoder.js";
import { vocoderFlow } from "../../src/objectives/vocoder-flow.js";
import { adamw } from "../../src/optim/adamw.js";
import { createTrainer } from "../../src/training/trainer.js";

const frames = 16;
const mel = slaneyMel(8000);
const length = (frames - 1) * mel.hop;

/** A chord in noise: its fine structure is not in the mel bands. */
const random = randomStream(1, "chord");
const sound = Float32Array.from({ length }, (_, i) => {
  const turn = (2 * Math.PI * i) / 8000;
  return 0.2 * Math.sin(300 * turn) + 0.2 * Math.sin(1900 * turn) + 0.02 * random.normal();
});

it("takes the way from one sound to the other", async () => {
  const spectra = new VocoderSpectra(mel);
  const bands = logMel(mel, sound).data;
  const scale = spectra.scaleOf(bands);
  const start = griffinLim(bands, mel, { iterations: 4, length, random: sound });
  const one = { sound: spectra.spectrumOf(sound, scale), start: spectra.spectrumOf(start, scale) };
  const batch = { ...one, mel: bands, times: Float32Array.of(0.5) };
  const model = vocoder({ bands: 64, bins: 129, width: 64, hiddenWidth: 64, numLayers: 1, kernelSize: 3 });
  const task = {
    ...vocoderFlow(model, { batchSize: 1, frames }),
    parameters: model.parameters,
    ...{ unit: "frames", unitsPerBatch: frames, counts: "frames", count: () => frames },
  };
  const session = { threads: 1, spin: false };
  const trainer = await createTrainer({
    ...{ runtime: nodeRuntime, task, optimizer: adamw({ lr: 1e-2, weightDecay: 0 }), seed: 1, clipNorm: 1 },
    session,
  });
  const losses: number[] = [];
  for (let step = 0; step < 30; step++) {
    const { loss } = await trainer.step(async () => batch, step, Math.min(1, (step + 1) / 10));
    losses.push(loss);
  }
  // A fresh model predicts no velocity at all.
  const variance =
    one.sound.reduce((sum, value, i) => sum + (value - one.start[i]) ** 2, 0) / one.sound.length;
  expect(losses[0]).toBeCloseTo(variance, 4);
  expect(losses.at(-1)!).toBeLessThan(0.1 * losses[0]);
});
