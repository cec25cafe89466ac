/**
 * Draws short sounds: a diffusion transformer learns the mel spectrograms of clips by flow matching, a class a folder.
 *
 *   npx autodidact train sound-flow --data.path drums.zip --out runs/drums
 *   npx autodidact generate runs/drums --class snare --count 8 --guidance 2 --out snares.wav
 *
 * Of spoken digits whose names tell who speaks:
 *
 *   npx autodidact train sound-flow --data.path spoken-digits.zip --data.names "{class}_{speaker}_{take}" \
 *     --features.sampleRate 8000 --out runs/digits
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "sound", validationFraction: 0.1 },
  features: { kind: "mel", sampleRate: 16_000, seconds: 1, augment: { shift: 4, gain: 3 } },
  model: { kind: "dit", patchFrames: 4, embedWidth: 192, numLayers: 6, numHeads: 6 },
  objective: { kind: "flowMatching", time: "logitNormal", classDropout: 0.1 },
  optimizer: {
    kind: "muon",
    lr: 4e-3,
    adamwLr: 2e-3,
    weightDecay: 0.01,
    averageDecay: 0.998,
    schedule: { kind: "cosine", warmupSteps: 100, finalFactor: 0.05 },
  },
  training: {
    batchSize: 32,
    steps: 2500,
    evaluateEvery: 500,
    evaluationBatches: 8,
    checkpointEvery: 500,
  },
  generation: { count: 8, steps: 16, solver: "heun", guidance: 2 },
});
