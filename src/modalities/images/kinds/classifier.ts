/** Models that tell classes apart. */
import { z } from "zod";
import type { ModelKind, Use } from "../../modality.js";
import { countOption, flag } from "../../options.js";
import { measure } from "../measures/measure.js";
import { accuracyOptions, referenceOptions } from "../measures/options.js";
import { exports, open, pictureEndings, type Saved } from "./saved.js";

const classifying = z.object({ top: flag(countOption.default(3), "count", "classes to name") });

const classify: Use<Saved<"classifier">> = {
  verb: "classify",
  summary: "say what is in pictures: the likeliest classes of each, with their probabilities",
  options: classifying,
  inputs: { name: "pictures", endings: pictureEndings },
  examples: ["runs/probe photo.jpg --top 3", "runs/probe holidays/"],
  run: async function* (model, { options, inputs }, around) {
    const { classify } = await import("./classify.js");
    yield* classify(model, inputs, (options as z.output<typeof classifying>).top, around);
  },
};

export const classifier: ModelKind<Saved<"classifier">> = {
  name: "classifier",
  modelTypes: ["vit", "autodidact_vit", "autodidact_resnet"],
  fits: (config) => !Object.hasOwn(config, "projection_dim"),
  open,
  uses: [
    classify,
    measure("accuracy", "how often the class is told on images held out", accuracyOptions),
    measure("knn", "what neighbours by its vectors say of images held out", referenceOptions),
  ],
  exports,
  serving: {
    options: z.object({}),
    start: async (model, request) => (await import("./serve.js")).serveClassifying(model, request),
  },
};
