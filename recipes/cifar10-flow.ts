/**
 * The classic program of drawing: CIFAR-10, shuffled batches of 64, ten epochs. A diffusion transformer learns by
 * flow matching to make 32 x 32 pictures of a class out of noise.
 *
 * Measured 2026-11-27 on one of two cores of an AMD EPYC, another training on the other: 45 min 26 s, validation loss
 * 0.149; a classifier of 66.7 % test accuracy sees the class asked for in 63 % of 1,000 samples.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "images", path: "cifar10" },
  features: { kind: "pixels", augment: { flip: true } },
  model: { kind: "dit", patchSize: 4, embedWidth: 128, numLayers: 6, numHeads: 4 },
  objective: { kind: "flowMatching", time: "logitNormal", classDropout: 0.1 },
  optimizer: {
    kind: "adamw",
    lr: 1e-3,
    betas: [0.9, 0.99],
    weightDecay: 0.01,
    averageDecay: 0.999,
    schedule: { kind: "cosine", warmupSteps: 200, finalFactor: 0.05 },
  },
  training: {
    batchSize: 64,
    epochs: 10,
    evaluateEvery: 1000,
    evaluationBatches: 20,
    checkpointEvery: 1000,
    // All of them, for the curve of the Frechet distance: evaluate --checkpoint 1000, 2000, ...
    keepCheckpoints: 8,
  },
  generation: { count: 40, steps: 20, solver: "heun", guidance: 2 },
});
