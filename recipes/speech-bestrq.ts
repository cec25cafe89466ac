/**
 * Learns from recordings without any text: a small Conformer tells the codes that a random-projection quantiser gives
 * to stretches of sound that are hidden from it (BEST-RQ). `speech-ctc --model.kind pretrained --model.from
 * runs/speech-bestrq` then starts from it. `--data.path` is what docs/speech.md lists; texts are not learned.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "speech", path: "asterisk", language: "en", longestSeconds: 15 },
  features: { kind: "mel" },
  model: { kind: "conformer", width: 144, numLayers: 4, numHeads: 3, hiddenWidth: 576, kernelSize: 9 },
  objective: { kind: "bestRq", codes: 1024, spanStarts: 0.03, spanLength: 10 },
  optimizer: {
    kind: "muon",
    lr: 2e-3,
    adamwLr: 1e-3,
    betas: [0.9, 0.98],
    weightDecay: 0.05,
    averageDecay: 0.99,
    schedule: { kind: "linear", warmupSteps: 100, finalFactor: 0.01 },
  },
  training: { batchSize: 6, steps: 3000, evaluateEvery: 250, checkpointEvery: 500 },
});
