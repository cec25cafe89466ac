/** Models that write music. */
import type { SavedModel } from "../../../interop/model-folder.js";
import type { ModelKind, Use } from "../../modality.js";
import { decoder } from "../../text/kinds/decoder.js";
import {
  type Composing,
  composing,
  type Measuring,
  measuring,
  type SampleMeasuring,
  sampleMeasuring,
} from "./options.js";

const generate: Use<SavedModel> = {
  verb: "generate",
  summary: "write music",
  options: composing,
  makes: { endings: [".mid", ".wav", ".mp3", ".png"], each: true },
  examples: [
    "runs/chorales --bars 16 --out chorale.mid",
    "runs/chorales --from mine.mid --bars 8 --out goes-on.wav",
    "runs/chorales --from mine.mid --infill 9-12 --out filled.mid",
  ],
  run: async function* (model, { options, wanted }, around) {
    const { writeMusic } = await import("./write.js");
    yield* writeMusic(model, options as Composing, wanted!, around);
  },
};

const evaluate: Use<SavedModel> = {
  verb: "evaluate",
  name: "notes",
  summary: "how well the notes of pieces are predicted",
  options: measuring,
  examples: ["runs/chorales --split test"],
  run: async function* (model, { options }, around) {
    const { measureNotes } = await import("./measure.js");
    yield* measureNotes(model, options as Measuring, around);
  },
};

const infilling: Use<SavedModel> = {
  verb: "evaluate",
  name: "infill",
  summary: "how much better bars are told that are known on both sides",
  options: measuring.pick({ split: true }),
  run: async function* (model, { options }, around) {
    const { measureInfill } = await import("./measure-infill.js");
    yield* measureInfill(model, options as Pick<Measuring, "split">, around);
  },
};

const samples: Use<SavedModel> = {
  verb: "evaluate",
  name: "samples",
  summary: "what is written beside held-out pieces, and how much of it is copied",
  options: sampleMeasuring,
  examples: ["runs/chorales --metric samples --count 32 --split test"],
  run: async function* (model, { options }, around) {
    const { measureSamples } = await import("./measure-samples.js");
    yield* measureSamples(model, options as SampleMeasuring, around);
  },
};

export const composer: ModelKind<SavedModel> = {
  name: "music model",
  modelTypes: ["llama", "qwen3"],
  fits: ({ music }) => music !== undefined,
  open: async (folder) => (await import("../../../interop/model-folder.js")).openModel(folder),
  uses: [generate, evaluate, infilling, samples],
  exports: decoder.exports.filter(({ name }) => name !== "adapter"),
  serving: {
    options: decoder.serving!.options,
    examples: ["runs/chorales --port 8080"],
    start: async (model, request) => (await import("./serve.js")).serveMusic(model, request),
  },
};
