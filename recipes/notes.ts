/**
 * Learns from your own notes: cuts them into sections by their headings, has the model write questions about each and
 * keeps those whose answer can be found, then trains an adapter on sections and questions together. Some sections, and
 * some questions, are held out to measure with: `autodidact evaluate runs/notes --metric notes`; the loss of these
 * sections also says when to stop (patience). What was asked is in the run's data/questions.jsonl, which can be changed
 * and given back by `--data.notes.questions`. A model without a chat template learns from the sections alone.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: {
    files: "docs/**/*.md",
    format: "notes",
    validationFraction: 0.1,
    notes: { perSection: 1, fromSentences: 3, heldOutQuestions: 0.3 },
  },
  features: { kind: "pretrained" },
  model: { kind: "pretrained", from: "HuggingFaceTB/SmolLM2-135M-Instruct", lora: { rank: 16, alpha: 32 } },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "adamw",
    lr: 5e-4,
    betas: [0.9, 0.95],
    weightDecay: 0,
    schedule: { kind: "cosine", warmupSteps: 10, finalFactor: 0.1 },
  },
  training: {
    batchSize: 1,
    microBatches: 2,
    sequenceLength: 512,
    recompute: true,
    steps: 300,
    evaluateEvery: 50,
    evaluationBatches: 20,
    checkpointEvery: 50,
    patience: 3,
  },
  generation: { prompt: "What are these notes about?", maxTokens: 100, temperature: 0 },
});
