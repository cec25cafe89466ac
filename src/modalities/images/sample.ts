import type { Runtime } from "../../core/runtime/session.js";
import { encodePng } from "../../data/images/write-images.js";
import { compileDenoiser } from "../../generation/images/denoiser-session.js";
import { imageGrid } from "../../generation/images/pictures.js";
import { sampleImages } from "../../generation/images/sample.js";
import type { Denoiser } from "../../models/image-model.js";
import type { Weights } from "../../nn/weights.js";
import { pathOf } from "./paths.js";
import type { PreparedImages } from "./prepared.js";
import type { ImageRecipe } from "./recipe.js";

/** So many classes have a column of the grid each. */
const mostColumns = 12;

/** Draws a grid, each row another class, with the weights as they are. */
export async function imageSampler(
  { generation, objective }: ImageRecipe,
  { classes, shape }: PreparedImages,
  {
    runtime,
    model,
    weights,
    isLive,
  }: {
    readonly runtime: Runtime;
    readonly model: Denoiser;
    /** The whole model's. */
    readonly weights: () => Weights;
    /** Training changes those arrays in place. */
    readonly isLive: boolean;
  },
): Promise<() => Promise<{ bytes: Uint8Array; ending: string }>> {
  const compile = () => compileDenoiser(runtime, model, weights(), { live: true });
  const lasting = isLive ? await compile() : undefined;
  const { count } = generation;
  const path = pathOf(objective);
  const known = classes.length;
  const labels = known > 0 ? Array.from({ length: count }, (_, i) => i % known) : undefined;
  const columns = known > 0 && known <= mostColumns ? Math.min(known, count) : undefined;
  return async () => {
    const session = lasting ?? (await compile());
    const drawn = await sampleImages(session, { ...generation, path, labels });
    if (!isLive) await session.release();
    const grid = imageGrid(drawn, shape, { columns });
    return { bytes: await encodePng(grid.pixels, grid), ending: ".png" };
  };
}
