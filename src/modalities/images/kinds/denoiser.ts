/** Models that draw: they turn noise into images. */
import { z } from "zod";
import type { ModelKind, Use } from "../../modality.js";
import { measure } from "../measures/measure.js";
import { comparisonOptions, judgementOptions } from "../measures/options.js";
import { type Drawing, drawing } from "./drawing.js";
import { exports, open, type Saved } from "./saved.js";

const generate: Use<Saved<"denoiser">> = {
  verb: "generate",
  summary: "draw pictures",
  options: drawing,
  makes: { endings: [".png", ".webp"], each: true },
  examples: [
    "runs/cifar10-flow --class cat --count 36 --guidance 5 --out cats.png",
    "runs/cifar10-flow --from photo.jpg --strength 0.5 --out variations.png",
    "runs/cifar10-flow --count 100 --out pictures/",
  ],
  run: async function* (model, { options, wanted }, around) {
    const { draw } = await import("./draw.js");
    yield* draw(model, options as Drawing, wanted!, around);
  },
};

export const denoiser: ModelKind<Saved<"denoiser">> = {
  name: "denoiser",
  modelTypes: ["autodidact_dit", "autodidact_unet"],
  open,
  uses: [
    generate,
    measure("fid", "how far samples are from images held out (Frechet)", comparisonOptions),
    measure("kid", "the same by a kernel", comparisonOptions),
    measure("precision-recall", "how true and how varied samples are", comparisonOptions),
    measure("accuracy", "how often a classifier sees the class asked for", judgementOptions),
    {
      ...measure("neighbours", "samples beside the images nearest to them", comparisonOptions),
      makes: { endings: [".png"], isOptional: true },
    },
  ],
  exports,
  serving: {
    options: z.object({}),
    examples: ["runs/avatars-flow --port 8080"],
    start: async (model, request) => (await import("./serve.js")).serveDrawing(model, request),
  },
};
