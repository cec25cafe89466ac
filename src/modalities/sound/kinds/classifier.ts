/** Models that tell classes of sounds apart: judges of what others draw. */
import type { ModelKind, Use } from "../../modality.js";
import { judgeAccuracy } from "../measures/measure.js";
import { type Classifying, classifying } from "./options.js";
import { exports, open, type Saved, soundEndings } from "./saved.js";

const classify: Use<Saved<"classifier">> = {
  verb: "classify",
  summary: "say what is in sounds: the likeliest classes of each, with their probabilities",
  options: classifying,
  inputs: { name: "sounds", endings: soundEndings },
  examples: ["runs/judge clip.wav --top 3"],
  run: async function* (model, { options, inputs }, around) {
    const { classify } = await import("./classify.js");
    yield* classify(model, inputs, options as Classifying, around);
  },
};

export const classifier: ModelKind<Saved<"classifier">> = {
  name: "classifier of sounds",
  modelTypes: ["autodidact_sound_resnet"],
  open,
  uses: [classify, judgeAccuracy],
  exports,
};
