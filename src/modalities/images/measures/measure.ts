import type { z } from "zod";
import type { SavedImageModel } from "../../../interop/image-folder.js";
import type { Use } from "../../modality.js";
import type { MeasureFlags, MeasureName } from "./options.js";

/** A measure by its name in measures.ts. */
export function measure(name: MeasureName, summary: string, options: z.ZodObject): Use<SavedImageModel> {
  return {
    verb: "evaluate",
    name,
    summary,
    options,
    examples: name === "fid" ? ["runs/cifar10-flow --metric fid --reference test"] : undefined,
    run: async function* (model, { options, wanted }, around) {
      const { measureImages } = await import("./measures.js");
      yield* measureImages(name, model, options as MeasureFlags, around, wanted !== undefined);
    },
  };
}
