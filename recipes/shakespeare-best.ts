/**
 * The character-level corpus again, for the best loss that two cores reach in about half an hour.
 * Give the file with `--data.files tinyshakespeare.txt`.
 */
import { defineRecipe } from "../src/recipe/recipe.js";

export default defineRecipe({
  data: { files: "tinyshakespeare.txt", validationFraction: 0.1 },
  features: { kind: "character" },
  model: {
    kind: "llama",
    contextLength: 256,
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
    schedule: { kind: "linear", warmupSteps: 20 },
  },
  training: { batchSize: 12, steps: 500, evaluateEvery: 100, checkpointEvery: 50 },
  generation: { prompt: "ROMEO:\n", maxTokens: 500, temperature: 0.8 },
});
