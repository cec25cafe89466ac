/** Recognisers over HTTP, as OpenAI's API has transcriptions. */
import { UNKNOWN } from "../../../features/tokenizer/ctc-vocabulary.js";
import type { Served } from "../../../serving/http/served.js";
import { mostTranscriptionBytes } from "../../../serving/openai/transcription-fields.js";
import { type Transcription, transcriptionRoute } from "../../../serving/openai/transcriptions.js";
import type { Named, Output, ServeRequest } from "../../modality.js";
import { serveUses } from "../../thread/serve-uses.js";
import type { Saved } from "./saved.js";

/** `POST /v1/audio/transcriptions`. */
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
      route,
      details: `writes down speech${language === undefined ? "" : ` (${language})`}`,
      facts: { language },
      example: { path: route.path, form: { file: "@recording.wav", model: name } },
      bodyBytes: mostTranscriptionBytes,
    };
  });
}

/** Of one recording. */
function transcriptionOf(output: Output): Transcription {
  const { figures, text } = output as unknown as Figures;
  return { transcript: figures.results[0], text };
}

interface Figures {
  readonly figures: { readonly results: readonly Transcription["transcript"][] };
  readonly text: string;
}
