/** Recognisers over HTTP, as OpenAI's API has transcriptions. */
import { encodeWav } from "../../../data/audio/write-wav.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { UNKNOWN } from "../../../features/tokenizer/ctc-vocabulary.js";
import type { Word } from "../../../generation/speech/transcript.js";
import type { Served } from "../../../serving/http/served.js";
import { mostTranscriptionBytes } from "../../../serving/openai/transcription-fields.js";
import { type Transcription, transcriptionRoute } from "../../../serving/openai/transcriptions.js";
import { pageNamed } from "../../../serving/page/page.js";
import type { Named, Output, ServeRequest } from "../../modality.js";
import { serveUses } from "../../thread/serve-uses.js";
import type { UseThread } from "../../thread/use-thread.js";
import { liveRoute } from "./live-route.js";
import type { Saved } from "./saved.js";

/** `POST /v1/audio/transcriptions`, and the page, with what it asks while somebody speaks. */
export function serveTranscribing(named: Named<Saved<"recogniser">>, request: ServeRequest): Promise<Served> {
  const { name } = request;
  return serveUses(named, request, ({ vocabulary, language }, uses) => {
    const route = transcriptionRoute({
      name,
      language,
      // No vocabulary has the character that stands for what no encoding has.
      tokensOf: (text) => vocabulary!.encode(text.replaceAll(UNKNOWN, "\uFFFD")).ids,
      async hear({ file, format, hot }, signal) {
        const [output] = await uses.run("transcribe", { options: { format, hot }, inputs: [file] }, signal);
        return transcriptionOf(output);
      },
    });
    return {
      routes: [route, liveRoute((samples, signal) => wordsIn(uses, samples, signal))],
      page: pageNamed("hearing"),
      details: `writes down speech${language === undefined ? "" : ` (${language})`}`,
      facts: { language },
      example: { path: route.path, form: { file: "@recording.wav", model: name } },
      bodyBytes: mostTranscriptionBytes,
    };
  });
}

/** The words of samples of 16 kHz, each as sure as all of them. */
async function wordsIn(uses: UseThread, samples: Float32Array, signal: AbortSignal): Promise<Word[]> {
  const bytes = encodeWav({ samples, sampleRate: kaldiMel.sampleRate });
  const asked = { options: { format: "text" }, inputs: [{ name: "microphone", bytes }] };
  const [output] = await uses.run("transcribe", asked, signal);
  const { confidence, words } = (output as unknown as Figures).figures.results[0];
  return words.map(({ word, ...times }) => ({ text: word, ...times, confidence, characters: word.length }));
}

/** Of one recording. */
function transcriptionOf(output: Output): Transcription {
  const { figures, text } = output as unknown as Figures;
  return { transcript: figures.results[0], text };
}

interface Figures {
  readonly figures: { readonly results: readonly (Transcription["transcript"] & { confidence: number })[] };
  readonly text: string;
}
