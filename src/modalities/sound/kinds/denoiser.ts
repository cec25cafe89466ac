/** Models that draw sounds. */
import type { ModelKind, Use } from "../../modality.js";
import { measure } from "../measures/measure.js";
import { type Drawing, drawing } from "./options.js";
import { exports, open, type Saved } from "./saved.js";

const generate: Use<Saved<"denoiser">> = {
  verb: "generate",
  summary: "draw sounds",
  options: drawing,
  makes: { endings: [".wav", ".mp3", ".ogg"], each: true },
  examples: [
    "runs/drums --class snare --count 8 --guidance 2 --out snares.wav",
    "runs/drums --from kick.wav --strength 0.5 --out variations.wav",
    "runs/drums --from hit.wav --repair 0.2-0.4 --count 1 --out whole.wav",
    "runs/drums --from hit.wav --continue --seconds 3 --count 1 --out longer.wav",
    "runs/digits --class seven --speaker theo --out sevens/",
  ],
  run: async function* (model, { options, wanted }, around) {
    const { draw } = await import("./draw.js");
    yield* draw(model, options as Drawing, wanted!, around);
  },
};

export const denoiser: ModelKind<Saved<"denoiser">> = {
  name: "denoiser of sound",
  modelTypes: ["autodidact_sound_dit"],
  open,
  uses: [
    generate,
    measure("accuracy", "how often a judge hears the class asked for"),
    measure("frechet", "how far sounds are from clips held out, by a judge's features"),
    measure("precision-recall", "how true and how varied sounds are, by a judge's features"),
    measure("neighbours", "whether sounds repeat clips that were learned from"),
    measure("pitch", "of classes that are notes: how often the pitch is right"),
    measure("faults", "loudness, offset, clipping and clicks of sounds, beside clips held out"),
  ],
  exports: [
    ...exports,
    {
      name: "onnx",
      summary:
        "the same with graphs for the text-to-speech of @huggingface/transformers, which says classes as words",
      precisions: ["float32"],
      async write(model, to) {
        const { exportSoundOnnx } = await import("../../../interop/sound-onnx.js");
        await exportSoundOnnx(to, await model.open());
      },
    },
  ],
  serving: {
    options: drawing.pick({ vocoder: true }),
    examples: ["runs/digits --port 8080", "runs/digits --vocoder runs/vocoder"],
    start: async (model, request) => (await import("./speak.js")).serveSpeaking(model, request),
  },
};
