/**
 * Learns from which of its own answers are better, by group relative policy optimisation (Shao et al. 2024). Rows of
 * `--data.files` are {"prompt": "...", "answer": ...}: a rule, `objective.reward`, compares the model's answers with the
 * right one. The validation loss is 1 less the mean reward of the likeliest answers to tasks that are held out.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "tasks.jsonl", format: "tasks", validationFraction: 0.1 },
  features: { kind: "pretrained" },
  model: { kind: "pretrained", from: "runs/chat-sft" },
  objective: { kind: "grpo", reward: "json", groupSize: 8, maxTokens: 24 },
  optimizer: {
    kind: "adamw",
    lr: 1e-4,
    betas: [0.9, 0.95],
    weightDecay: 0,
    schedule: { kind: "linear", warmupSteps: 10, finalFactor: 0.1 },
  },
  training: { batchSize: 8, steps: 200, evaluateEvery: 20, evaluationBatches: 4, checkpointEvery: 50 },
  generation: { prompt: "12 + 34 =", maxTokens: 24, temperature: 0 },
});
