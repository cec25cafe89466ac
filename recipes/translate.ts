/**
 * Translates: an encoder-decoder in T5's layout learns from pairs of sentences, in both directions at once.
 * `--data.pairs` is a table, two aligned files as `train.{en,de}`, TMX, PO, or another of the layouts that
 * docs/translation.md lists; `--model.from runs/translate-denoise` starts from what was learned without pairs. By itself
 * it learns from the messages of the TypeScript compiler, where that is installed.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "translation", pairs: "typescript", languages: ["en", "de"] },
  features: { kind: "bpe", vocabSize: 6000, dropout: 0.1 },
  model: { kind: "t5", width: 256, numLayers: 4, numDecoderLayers: 3, numHeads: 4, hiddenWidth: 680 },
  objective: { kind: "translate", labelSmoothing: 0.1, dropout: 0.3 },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 2e-3,
    betas: [0.9, 0.98],
    weightDecay: 0.01,
    averageDecay: 0.995,
    schedule: { kind: "linear", warmupSteps: 200, finalFactor: 0.01 },
  },
  training: { batchSize: 32, epochs: 14, evaluateEvery: 200, checkpointEvery: 200 },
  generation: { beams: 5 },
});
