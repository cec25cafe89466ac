/**
 * Learns two languages from sentences alone: some words are hidden or out of order, and the model repairs them.
 * `--data.files '{"en": "en/*.txt", "de": "de/*.txt"}'` are sentences, one a line, which need not belong together.
 * recipes/translate.ts starts from it. By itself it learns from the messages of the TypeScript compiler, where that is
 * installed, each language apart.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "translation", pairs: "typescript", languages: ["en", "de"], validationFraction: 0.02 },
  features: { kind: "bpe", vocabSize: 6000, dropout: 0.1 },
  model: { kind: "t5", width: 256, numLayers: 4, numDecoderLayers: 3, numHeads: 4, hiddenWidth: 680 },
  objective: {
    kind: "denoise",
    infilled: 0.7,
    hidden: 0.35,
    shuffleDistance: 3,
    wordDrop: 0.1,
    dropout: 0.1,
  },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 2e-3,
    betas: [0.9, 0.98],
    weightDecay: 0.01,
    averageDecay: 0.995,
    schedule: { kind: "linear", warmupSteps: 200, finalFactor: 0.01 },
  },
  training: { batchSize: 32, epochs: 2, evaluateEvery: 200, checkpointEvery: 200 },
});
