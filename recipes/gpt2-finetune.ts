/**
 * Goes on training a pretrained GPT-2 on your texts by predicting the next token: the first half of the classic
 * ChatGPT recipe. `--model.from` is a name on the Hugging Face Hub, a model folder or a run; `--model.lora.rank 8`
 * trains an adapter beside the weights in less than half the memory.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "data/**/*.txt", validationFraction: 0.1 },
  features: { kind: "pretrained" },
  model: { kind: "pretrained", from: "gpt2" },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "adamw",
    lr: 5e-5,
    betas: [0.9, 0.95],
    weightDecay: 0.1,
    schedule: { kind: "cosine", warmupSteps: 20, finalFactor: 0.1 },
  },
  training: {
    batchSize: 4,
    sequenceLength: 256,
    steps: 500,
    evaluateEvery: 50,
    evaluationBatches: 20,
    checkpointEvery: 100,
    patience: 3,
  },
  generation: { prompt: "", maxTokens: 200, temperature: 0.8, topK: 50 },
});
