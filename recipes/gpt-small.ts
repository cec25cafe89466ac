/**
 * A small decoder for your own texts: `--data.files "notes/**\/*.md"`. About seven million parameters with
 * byte-pair tokens; fits a laptop, wants a megabyte of text or more.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "data/**/*.txt", validationFraction: 0.1 },
  features: { kind: "bpe", vocabSize: 4096 },
  model: {
    kind: "llama",
    contextLength: 128,
    numLayers: 6,
    numHeads: 4,
    width: 256,
    hiddenWidth: 704,
    qkNorm: true,
  },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 1e-2,
    weightDecay: 0.1,
    schedule: { kind: "wsd", warmupSteps: 20, decaySteps: 600 },
  },
  training: { batchSize: 16, steps: 2000, evaluateEvery: 200, checkpointEvery: 200, patience: 5 },
  generation: { prompt: "", maxTokens: 200, temperature: 0.8 },
});
