/**
 * Teaches an assistant which of two answers is liked better, by direct preference optimisation (Rafailov et al.
 * 2023). Rows of `--data.files` are {"prompt": "...", "chosen": "...", "rejected": "..."}. The model it starts
 * from is the reference: its log-likelihoods are computed once and kept in the run.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { files: "preferences.jsonl", format: "preferences", validationFraction: 0.1 },
  features: { kind: "pretrained" },
  model: { kind: "pretrained", from: "runs/chat-sft" },
  objective: { kind: "dpo", beta: 0.1 },
  optimizer: {
    kind: "adamw",
    lr: 1e-5,
    betas: [0.9, 0.95],
    weightDecay: 0,
    schedule: { kind: "linear", warmupSteps: 20, finalFactor: 0.1 },
  },
  training: {
    batchSize: 8,
    steps: 200,
    evaluateEvery: 50,
    evaluationBatches: 20,
    checkpointEvery: 100,
  },
  generation: { prompt: "Hello! Who are you?", maxTokens: 120, temperature: 0.7, topP: 0.95 },
});
