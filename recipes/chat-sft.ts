/**
 * Makes an assistant of a language model: supervised fine-tuning on conversations, of which only what the
 * assistant says is learned. Rows of `--data.files` are {"messages": [{"role": "user", "content": "..."}, ...]} or
 * {"instruction": "...", "input": "...", "output": "..."}. Short conversations are packed into rows, and none sees
 * another. A model without a chat template gets ChatML and its two tokens.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "chats.jsonl", format: "chat", validationFraction: 0.05 },
  features: { kind: "pretrained" },
  model: { kind: "pretrained", from: "runs/gpt2-finetune" },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "adamw",
    lr: 1e-4,
    betas: [0.9, 0.95],
    weightDecay: 0.01,
    schedule: { kind: "linear", warmupSteps: 20, finalFactor: 0.1 },
  },
  training: {
    batchSize: 8,
    steps: 300,
    evaluateEvery: 50,
    evaluationBatches: 20,
    checkpointEvery: 100,
    patience: 3,
  },
  generation: { prompt: "Hello! Who are you?", maxTokens: 120, temperature: 0.7, topP: 0.95 },
});
