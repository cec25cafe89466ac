/** A vocoder learns by heart which magnitudes are behind the bands of a few tones. */
import { expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { logMagnitudes, roughLogs } from "../../src/features/audio/mel-magnitudes.js";
import { logMel } from "../../src/features/audio/mel-spectrogram.js";
import { slaneyMel } from "../../src/features/audio/slaney-mel.js";
import { Stft } from "../../src/features/audio/stft.js";
import { vocoder } from "../../src/models/vocoder.js";
import { spectralMagnitudes } from "../../src/objectives/spectral-magnitudes.js";
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

it("takes bands to the magnitudes behind them", async () => {
  const bands = logMel(mel, sound).data;
  const logs = logMagnitudes(new Stft(mel).forward(sound), mel);
  const rough = roughLogs(bands, mel);
  const batch = { mel: bands, rough, logs };
  const model = vocoder({ bands: 64, bins: 129, width: 64, hiddenWidth: 64, numLayers: 1, kernelSize: 3 });
  const task = {
    ...spectralMagnitudes(model, { batchSize: 1, frames }),
    parameters: model.parameters,
    ...{ unit: "frames", unitsPerBatch: frames, counts: "frames", count: () => frames },
  };
  const session = { threads: 1, spin: false };
  const trainer = await createTrainer({
    ...{ runtime: nodeRuntime, task, optimizer: adamw({ lr: 1e-2, weightDecay: 0 }), seed: 1, clipNorm: 1 },
    session,
  });
  const losses: number[] = [];
  for (let step = 0; step < 80; step++) {
    const { loss } = await trainer.step(async () => batch, step, Math.min(1, (step + 1) / 10));
    losses.push(loss);
  }
  // A fresh model adds nothing to what the bands tell.
  const norm = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const wanted = [...logs].map(Math.exp);
  const convergence = norm(wanted.map((value, i) => Math.exp(rough[i]) - value)) / norm(wanted);
  const off = logs.reduce((sum, log, i) => sum + Math.abs(rough[i] - log), 0) / logs.length;
  expect(losses[0]).toBeCloseTo(convergence + off, 4);
  expect(losses.at(-1)!).toBeLessThan(0.3 * losses[0]);
});
