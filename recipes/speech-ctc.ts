/**
 * Writes down what is said: a small Conformer learns by connectionist temporal classification from recordings with
 * texts. `--data.path` is a folder of recordings with a .txt beside each, a table of them, or one of the layouts that
 * docs/speech.md lists; `--model.from runs/speech-bestrq` starts from what was learned without
 * texts. On Debian `apt-get install asterisk-core-sounds-en-wav asterisk-core-sounds-en` puts 25 minutes of English
 * where the name `asterisk` looks.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "speech", path: "asterisk", language: "en" },
  features: {
    kind: "mel",
    augment: {
      speeds: [0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15],
      gain: 6,
      noise: 15,
      warp: 0.1,
      specAugment: true,
    },
  },
  model: { kind: "conformer", width: 144, numLayers: 4, numHeads: 3, hiddenWidth: 576, kernelSize: 9 },
  objective: { kind: "ctc", layerDrop: 0.2 },
  optimizer: {
    kind: "muon",
    lr: 8e-3,
    adamwLr: 4e-3,
    betas: [0.9, 0.98],
    weightDecay: 0.05,
    averageDecay: 0.99,
    schedule: { kind: "linear", warmupSteps: 50, finalFactor: 0.01 },
  },
  training: { batchSize: 8, steps: 1100, evaluateEvery: 150, checkpointEvery: 150 },
  generation: { beams: 1 },
});
