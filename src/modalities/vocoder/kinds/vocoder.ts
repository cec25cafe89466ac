/** Models that make sound of mel spectrograms. */
import type { SavedVocoder } from "../../../interop/vocoder-folder.js";
import type { ModelKind, Use } from "../../modality.js";
import { type Measuring, measuring, type Resounding, resounding } from "./options.js";

const generate: Use<SavedVocoder> = {
  verb: "generate",
  summary: "take a sound to a mel spectrogram and back",
  options: resounding,
  makes: { endings: [".wav", ".mp3", ".ogg"] },
  examples: ["runs/vocoder --from snare.wav --out again.wav"],
  run: async function* (model, { options, wanted }, around) {
    const { resound } = await import("./resound.js");
    yield* resound(model, options as Resounding, wanted!, around);
  },
};

const evaluate: Use<SavedVocoder> = {
  verb: "evaluate",
  name: "spectral-distance",
  summary: "how far its sound is from recordings, beside Griffin and Lim's method",
  options: measuring,
  makes: { endings: [".png"], isOptional: true },
  examples: ["runs/vocoder --data more.zip", "runs/vocoder --out spectrograms.png"],
  run: async function* (model, { options, wanted }, around) {
    const { measureDistance } = await import("./measure.js");
    yield* measureDistance(model, options as Measuring, wanted !== undefined, around);
  },
};

export const vocoderKind: ModelKind<SavedVocoder> = {
  name: "vocoder",
  modelTypes: ["autodidact_vocoder"],
  open: async (folder) => (await import("../../../interop/vocoder-folder.js")).openVocoder(folder),
  uses: [generate, evaluate],
  exports: [
    {
      name: "safetensors",
      summary: "a folder with its config.json and weights",
      precisions: ["float32"],
      async write(model, to) {
        const { saveVocoder } = await import("../../../interop/vocoder-folder.js");
        const saved = await model.open();
        await saveVocoder(to, saved.model, saved.weights, saved);
      },
    },
  ],
};
