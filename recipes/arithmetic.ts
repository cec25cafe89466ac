/**
 * A small model that has read sums, the start of one that learns from what can be checked; recipes/arithmetic/data.ts
 * writes them. chat-sft then teaches it to answer in JSON, and grpo to answer rightly.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "data/arithmetic/text.txt", validationFraction: 0.05 },
  features: { kind: "byte" },
  model: {
    kind: "llama",
    contextLength: 96,
    numLayers: 3,
    numHeads: 4,
    width: 128,
    hiddenWidth: 256,
    qkNorm: true,
  },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 5e-3,
    weightDecay: 0.1,
    schedule: { kind: "linear", warmupSteps: 20 },
  },
  training: { batchSize: 16, steps: 900, evaluateEvery: 300, checkpointEvery: 450 },
  generation: { prompt: "12 + 34 =", maxTokens: 8, temperature: 0 },
});
