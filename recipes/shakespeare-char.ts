/**
 * The classic character-level corpus: one file of plays, the last tenth held out. Give it with
 * `--data.files tinyshakespeare.txt`.
 */
import { defineRecipe } from "../src/recipe/recipe.js";

export default defineRecipe({
  data: { files: "tinyshakespeare.txt", validationFraction: 0.1 },
  features: { kind: "character" },
  model: {
    kind: "llama",
    contextLength: 64,
    numLayers: 4,
    numHeads: 4,
    width: 128,
    hiddenWidth: 384,
    qkNorm: true,
  },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "muon",
    lr: 1e-2,
    weightDecay: 0.1,
    schedule: { kind: "linear", warmupSteps: 10 },
  },
  training: { batchSize: 12, steps: 400, evaluateEvery: 400, checkpointEvery: 400 },
  generation: { prompt: "\n", maxTokens: 300, temperature: 0.8 },
});
