/**
 * A small residual network tells the classes of sounds apart by their mel spectrograms: the judge of what sound-flow
 * draws. It is to learn from other clips than those that are judged are drawn after: other takes, or other speakers.
 *
 *   npx autodidact train sound-classifier --data.path drums.zip --out runs/judge
 *   npx autodidact evaluate runs/drums --metric accuracy --judge runs/judge
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "sound", validationFraction: 0.1 },
  features: { kind: "mel", sampleRate: 16_000, seconds: 1, augment: { shift: 8, gain: 6 } },
  model: { kind: "resnet", baseWidth: 16, blocksPerStage: [1, 1, 1], groups: 4 },
  objective: { kind: "crossEntropy", labelSmoothing: 0.05 },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 3e-3,
    weightDecay: 0.05,
    schedule: { kind: "cosine", warmupSteps: 50, finalFactor: 0.01 },
  },
  training: { batchSize: 32, steps: 1500, evaluateEvery: 150, evaluationBatches: 8, checkpointEvery: 300 },
});
