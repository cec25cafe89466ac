import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toneFile } from "./sounds.js";

/** A recipe for a vocoder of 8 kHz so small that it trains in a second. */
export const vocoderRecipe = (path: string) => ({
  data: { format: "vocoder", path, validationFraction: 0.25 },
  features: { kind: "mel", sampleRate: 8000, frames: 16, gain: 6 },
  model: { kind: "convnext", width: 16, hiddenWidth: 32, numLayers: 1, kernelSize: 3 },
  objective: { kind: "spectralMagnitudes" },
  optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
  training: { batchSize: 2, steps: 4, evaluateEvery: 2, checkpointEvery: 2 },
  generation: { iterations: 8 },
});

/** So many tones of 0.3 s in a folder, each higher than the one before. */
export function writeTones(folder: string, count: number): void {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) {
    writeFileSync(join(folder, `${i}.wav`), toneFile(0.3, 200 + 150 * i, 8000));
  }
}
