/**
 * The classic program of drawing: CIFAR-10, shuffled batches of 64, ten epochs. A U-Net learns by flow matching to make
 * 32 x 32 pictures of a class out of noise. The class pulls hard, and only in the middle of the way: so most pictures
 * are of it, and they stay as varied as they were [Kynkäänniemi et al. 2024].
 *
 * Measured 2026-11-30 on two threads of a shared Intel Xeon, 45 to 88 images a second, other work beside it at times:
 * 3 h 19 min, validation loss 0.143; a classifier of 88.0 % test accuracy sees the class asked for in 84.9 % of 1,000
 * samples.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "images", path: "cifar10" },
  features: { kind: "pixels", augment: { flip: true } },
  model: {
    kind: "unet",
    patchSize: 2,
    baseWidth: 64,
    widthMultipliers: [1, 2, 2],
    blocksPerLevel: 1,
    attentionAt: [8, 4],
    groups: 16,
  },
  objective: { kind: "flowMatching", time: "logitNormal", classDropout: 0.1 },
  optimizer: {
    kind: "muon",
    lr: 6e-3,
    adamwLr: 2e-3,
    betas: [0.9, 0.99],
    weightDecay: 0.01,
    averageDecay: 0.999,
    schedule: { kind: "cosine", warmupSteps: 100, finalFactor: 0.02 },
  },
  training: {
    batchSize: 64,
    epochs: 10,
    evaluateEvery: 1000,
    evaluationBatches: 20,
    checkpointEvery: 500,
    // All of them, for the curve of the Frechet distance: evaluate --checkpoint 500, 1000, ...
    keepCheckpoints: 16,
  },
  generation: { count: 40, steps: 20, solver: "heun", guidance: 7, guidanceFrom: 0.25, guidanceUntil: 0.8 },
});
