/**
 * Recognition with few labels: a linear classifier over the encoder of a trained model, which stays as it is
 * (linear probe); `--model.linearProbe false --optimizer.lr 1e-3` trains all of it (fine-tuning). The pictures are
 * those that the model learned from.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "images", labelsPerClass: 100 },
  features: { kind: "pixels", augment: { crop: 4, flip: true } },
  model: { kind: "pretrained", from: "runs/cifar10-mae", linearProbe: true },
  objective: { kind: "crossEntropy", labelSmoothing: 0.1 },
  optimizer: {
    kind: "adamw",
    lr: 0.1,
    betas: [0.9, 0.99],
    weightDecay: 0,
    schedule: { kind: "cosine", warmupSteps: 20, finalFactor: 0.01 },
  },
  training: { batchSize: 100, epochs: 100, evaluateEvery: 250, evaluationBatches: 20, checkpointEvery: 1000 },
});
