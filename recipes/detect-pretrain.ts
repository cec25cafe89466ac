/**
 * Learns from pictures without anybody's boxes: soft parts of other pictures are pasted into each, and the detector has
 * to tell where they begin and end. `detect --model.from runs/detect-pretrain` then starts from it, which is worth
 * the more the fewer pictures have boxes. `--data.path` is a folder of pictures of the same kind, with boxes or without.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "detection" },
  features: {
    kind: "pixels",
    augment: {
      flip: true,
      colorJitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.02, probability: 0.8 },
    },
  },
  model: {
    kind: "featurePyramid",
    stemWidth: 16,
    stageWidths: [32, 64, 128, 128],
    blocksPerStage: [1, 2, 2, 2],
  },
  objective: { kind: "pasteAndLocate" },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 3e-3,
    weightDecay: 0.05,
    averageDecay: 0.99,
    schedule: { kind: "cosine", warmupSteps: 50, finalFactor: 0.01 },
  },
  training: { batchSize: 8, steps: 1000, evaluateEvery: 250, checkpointEvery: 500 },
});
