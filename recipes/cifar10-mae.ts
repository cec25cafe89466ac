/**
 * Learns to see without labels: a masked autoencoder predicts the three quarters of each CIFAR-10 picture that it
 * is not shown. What its encoder has learned `recipes/image-probe.ts` puts to use.
 *
 * Measured 2026-11-27 on one of two cores of an AMD EPYC, other work on the other: 55 min 40 s, validation loss 0.495;
 * few labels by recipes/few-labels/measure.ts, in the README.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "images", path: "cifar10" },
  features: { kind: "pixels", augment: { crop: 4, flip: true } },
  model: {
    kind: "mae",
    patchSize: 4,
    embedWidth: 128,
    numLayers: 6,
    numHeads: 4,
    mlpWidth: 512,
    decoderWidth: 64,
    decoderLayers: 2,
    decoderHeads: 2,
  },
  objective: { kind: "maskedPatches", maskRatio: 0.75 },
  optimizer: {
    kind: "adamw",
    lr: 1e-3,
    betas: [0.9, 0.95],
    weightDecay: 0.05,
    schedule: { kind: "cosine", warmupSteps: 400, finalFactor: 0.01 },
  },
  training: { batchSize: 128, epochs: 30, evaluateEvery: 1000, evaluationBatches: 20, checkpointEvery: 1000 },
});
