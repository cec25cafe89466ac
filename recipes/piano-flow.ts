/**
 * Learns to draw notes of a piano without a download: 30 notes at four velocities from npm packages, of which one
 * velocity is held out. The recordings are those of the Salamander Grand Piano (Alexander Holm, CC BY).
 *
 *   npx autodidact train piano-flow
 *   npx autodidact generate runs/piano-flow --class C4 --count 4 --guidance 2 --out notes.wav
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineRecipe } from "autodidact";

const require = createRequire(import.meta.url);
const velocities = [4, 8, 12, 16];

export default defineRecipe({
  data: {
    format: "sound",
    path: velocities.map((velocity) =>
      join(dirname(require.resolve(`@audio-samples/piano-velocity${velocity}/package.json`)), "audio"),
    ),
    names: "{class}v{take}",
    heldOut: { take: "12" },
  },
  // Windows of 64 ms: shorter ones cannot tell the partials of the lowest notes apart.
  features: {
    kind: "mel",
    sampleRate: 16_000,
    windowSeconds: 0.064,
    bands: 128,
    seconds: 1,
    augment: { shift: 2, gain: 3 },
  },
  model: { kind: "dit", patchFrames: 2, embedWidth: 192, numLayers: 6, numHeads: 6 },
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
    steps: 2000,
    evaluateEvery: 500,
    evaluationBatches: 8,
    checkpointEvery: 500,
  },
  generation: { count: 8, steps: 16, solver: "heun", guidance: 2 },
});
