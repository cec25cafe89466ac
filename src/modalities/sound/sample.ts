import type { Runtime } from "../../core/runtime/session.js";
import { encodePng } from "../../data/images/write-images.js";
import { compileDenoiser } from "../../generation/images/denoiser-session.js";
import { sampleImages } from "../../generation/images/sample.js";
import { spectrogramGrid } from "../../generation/sound/spectrogram-grid.js";
import type { SoundModelNotes } from "../../interop/sound-folder.js";
import type { Denoiser } from "../../models/image-model.js";
import type { Weights } from "../../nn/weights.js";
import { linearPath } from "../../objectives/flow-matching.js";
import { pairLabel } from "./build.js";
import type { SoundRecipe } from "./recipe.js";

/** Draws spectrograms beside each other, each of another class, with the weights as they are. */
export async function soundSampler(
  runtime: Runtime,
  model: Denoiser,
  weights: Weights,
  notes: SoundModelNotes & { readonly generation: SoundRecipe["generation"] & { readonly shift: number } },
): Promise<() => Promise<{ bytes: Uint8Array; ending: string }>> {
  const session = await compileDenoiser(runtime, model, weights, { live: true });
  const { generation, classes, speakers } = notes;
  const labels = Array.from({ length: generation.count }, (_, i) =>
    pairLabel(
      notes,
      classes.length > 0 ? i % classes.length : -1,
      speakers.length > 0 ? i % speakers.length : -1,
    ),
  ).map((pair) => (pair === model.numClasses ? "none" : pair));
  return async () => {
    const drawn = await sampleImages(session, { ...generation, path: linearPath, labels });
    const grid = spectrogramGrid(drawn, notes, model.width);
    return { bytes: await encodePng(grid.pixels, grid), ending: ".png" };
  };
}
