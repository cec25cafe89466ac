/**
 * A vocoder: makes sound of the mel spectrograms that `sound-flow` and `piano-flow` draw. It learns from any recordings,
 * without an adversary, which magnitudes lie behind mel bands; phases that go with both are sought when it is used.
 * `--data.path` takes a folder, a zip or a table; `--features.sampleRate` is that of the model that draws.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "vocoder" },
  features: { kind: "mel", sampleRate: 16000, frames: 64 },
  model: { kind: "convnext", width: 192, hiddenWidth: 576, numLayers: 4, kernelSize: 7 },
  objective: { kind: "spectralMagnitudes" },
  optimizer: {
    kind: "muon",
    lr: 4e-3,
    adamwLr: 2e-3,
    weightDecay: 0.01,
    averageDecay: 0.995,
    schedule: { kind: "linear", warmupSteps: 50, finalFactor: 0.02 },
  },
  training: { batchSize: 8, steps: 3000, evaluateEvery: 250, checkpointEvery: 500 },
});
