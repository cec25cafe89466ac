/**
 * GPT-2 small, 124 million parameters, from scratch with its own byte-pair vocabulary of 50,257. Give
 * `--data.files` and, to use OpenAI's tokenizer, `--features.kind pretrained --features.folder FOLDER` with its
 * vocab.json and merges.txt. Eight micro-batches make 8 x 4 x 1,024 tokens a step.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "data/**/*.txt", validationFraction: 0.01 },
  features: { kind: "bpe", vocabSize: 50_257 },
  model: {
    kind: "gpt2",
    contextLength: 1024,
    numLayers: 12,
    numHeads: 12,
    width: 768,
    vocabSize: 50_257,
  },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "adamw",
    lr: 6e-4,
    betas: [0.9, 0.95],
    weightDecay: 0.1,
    schedule: { kind: "cosine", warmupSteps: 100 },
  },
  training: {
    batchSize: 4,
    microBatches: 8,
    steps: 2000,
    evaluateEvery: 200,
    evaluationBatches: 20,
    checkpointEvery: 200,
  },
  generation: { prompt: "", maxTokens: 200, temperature: 0.8, topK: 50 },
});
