/** Models that write down what is said. */
import { z } from "zod";
import type { ModelKind, Use } from "../../modality.js";
import { type Measuring, measuring, type Transcribing, transcribing } from "./options.js";
import { exports, open, type Saved } from "./saved.js";

/** What can be decoded. */
const soundEndings = [".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus"] as const;

const transcribe: Use<Saved<"recogniser">> = {
  verb: "transcribe",
  summary: "write down what is said in recordings, with times",
  options: transcribing,
  inputs: { name: "recordings", endings: soundEndings, live: "microphone" },
  examples: [
    "runs/speech talk.mp3 --format srt",
    "runs/speech interviews/ --format json",
    "runs/speech --microphone",
  ],
  run: async function* (model, request, around) {
    const options = request.options as Transcribing;
    if (options.microphone) yield* (await import("./listen.js")).listen(model, request, options, around);
    else yield* (await import("./transcribe.js")).transcribe(model, request, options, around);
  },
};

const evaluate: Use<Saved<"recogniser">> = {
  verb: "evaluate",
  name: "wer",
  summary: "how many words and letters are wrong (WER, CER), and which",
  options: measuring,
  examples: ["runs/speech --data test.tsv --beams 50 --lm words.arpa"],
  run: async function* (model, { options }, around) {
    const { measureErrors } = await import("./errors.js");
    yield* measureErrors(model, options as Measuring, around);
  },
};

export const recogniser: ModelKind<Saved<"recogniser">> = {
  name: "speech recogniser",
  modelTypes: ["wav2vec2-bert"],
  fits: (config) => typeof config.vocab_size === "number",
  open,
  uses: [transcribe, evaluate],
  exports,
  serving: {
    options: z.object({}),
    examples: ["runs/speech --port 8080"],
    start: async (model, request) => (await import("./serve.js")).serveTranscribing(model, request),
  },
};
