/**
 * Writes three voices under a melody: a small transformer sees four voices on sixteenths of which some notes are hidden,
 * and learns to tell them, in any order. `--data.path` is the archive of czhuang/JSB-Chorales-dataset.
 *
 *   npx autodidact train chorales-harmony --data.path jsb-chorales.zip
 *   npx autodidact generate runs/chorales-harmony --harmonise melody.mid --out chorale.mid
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "music" },
  features: { kind: "chorales", transpose: 12 },
  model: { kind: "maskedGrid", bars: 8, numLayers: 5, numHeads: 6, width: 192, mlpWidth: 768 },
  objective: { kind: "anyOrder" },
  optimizer: {
    kind: "muon",
    lr: 7e-3,
    adamwLr: 5e-3,
    weightDecay: 0.1,
    averageDecay: 0.995,
    schedule: { kind: "cosine", warmupSteps: 100, finalFactor: 0.02 },
  },
  training: { batchSize: 16, steps: 2000, evaluateEvery: 200, checkpointEvery: 200 },
});
