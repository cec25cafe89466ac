/** POST /v1/audio/transcriptions */
import { deflateSync } from "node:zlib";
import type { Context } from "hono";
import { shown } from "../../data/chat/messages.js";
import type { VerboseSegment, VerboseTranscript } from "../../generation/speech/subtitles.js";
import { RequestError } from "../engine/engine.js";
import { badField } from "../http/api-error.js";
import { eventStream } from "../http/event-stream.js";
import { readForm } from "../http/form-body.js";
import { requireModel } from "../http/models.js";
import type { Host, Route } from "../http/served.js";
import { type TranscriptionRequest, transcriptionRequest } from "./transcription-fields.js";

/** A recogniser as clients see it. */
export interface ServedRecogniser {
  readonly name: string;
  /** A BCP 47 tag, where it is known. */
  readonly language?: string;
  /** The ids that spell a text. */
  tokensOf(text: string): readonly number[];
  /** Throws `RequestError` for a recording that cannot be heard, and for words that cannot be spelled. */
  hear(asked: HearingRequest, signal: AbortSignal): Promise<Transcription>;
}

/** What is to be heard, and how. */
export interface HearingRequest {
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
  readonly format: "text" | "srt" | "vtt";
  /** Words that are likelier than usual. */
  readonly hot: readonly string[];
}

/** What was heard: all of it, and as the text that was asked for, without a newline at its end. */
export interface Transcription {
  readonly transcript: VerboseTranscript & Required<Pick<VerboseTranscript, "segments" | "words">>;
  readonly text: string;
}

/**
 * The route of a recogniser. The words of `prompt` are likelier than usual. A stream has a delta for each segment, and
 * begins when all of the recording is heard.
 */
export function transcriptionRoute(recogniser: ServedRecogniser): Route {
  return {
    method: "POST",
    path: "/v1/audio/transcriptions",
    async handle(c, host) {
      const fields = await readForm(c, transcriptionRequest, host.limits.bodyBytes);
      requireModel([recogniser.name], fields.model);
      requireLanguage(recogniser, fields.language);
      const heard = await hear(c, host, recogniser, fields);
      return fields.stream ? streamed(c, host, heard) : whole(c, recogniser, fields, heard);
    },
  };
}

/** Throws `ApiError` 400 for another language than the recogniser's. "en" and "en-GB" are one. */
function requireLanguage({ language: own }: ServedRecogniser, asked: string | undefined): void {
  const languageOf = (tag: string) => tag.toLowerCase().split(/[-_]/)[0];
  if (own === undefined || asked === undefined || languageOf(own) === languageOf(asked)) return;
  const wrong = new RequestError(
    "the model writes down another language",
    `${shown(asked)} for a model of ${shown(own)}`,
    "leave `language` out, or ask a model that knows it",
  );
  throw badField(wrong, "language");
}

async function hear(
  c: Context,
  { admission }: Host,
  recogniser: ServedRecogniser,
  { file, response_format: form, prompt = "" }: TranscriptionRequest,
): Promise<Transcription> {
  const hot = prompt.split(/\s+/).filter(Boolean);
  const format = form === "srt" || form === "vtt" ? form : "text";
  const bytes = new Uint8Array(await file.arrayBuffer());
  const asked = { file: { name: file.name, bytes }, format, hot } as const;
  return admission
    .answer(c.req.raw.signal, (signal) => recogniser.hear(asked, signal))
    .catch((error) => {
      // With a prompt it may be that whose words cannot be spelled.
      throw error instanceof RequestError && hot.length === 0 ? badField(error, "file") : error;
    });
}

function streamed(c: Context, { onFault }: Host, { transcript }: Transcription): Promise<Response> {
  const { text, segments } = transcript;
  return eventStream(c, onFault, async (send) => {
    for (const [i, segment] of segments.entries()) {
      await send({ type: "transcript.text.delta", delta: i === 0 ? segment.text : ` ${segment.text}` });
    }
    await send({ type: "transcript.text.done", text });
  });
}

function whole(
  c: Context,
  recogniser: ServedRecogniser,
  fields: TranscriptionRequest,
  { transcript, text }: Transcription,
): Response {
  // As OpenAI bills it: seconds that have begun.
  const usage = { type: "duration", seconds: Math.ceil(transcript.duration) };
  switch (fields.response_format) {
    case "json":
      return c.json({ text: transcript.text, usage });
    case "verbose_json":
      return c.json({ ...verbose(recogniser, fields, transcript), usage });
    default:
      return c.text(`${text}\n`);
  }
}

function verbose(
  recogniser: ServedRecogniser,
  { language: asked, timestamp_granularities: parts = ["segment"] }: TranscriptionRequest,
  { duration, text, segments, words }: Transcription["transcript"],
): object {
  return {
    task: "transcribe",
    language: recogniser.language ?? asked ?? "und", // BCP 47's "undetermined"
    duration,
    text,
    ...(parts.includes("segment") && { segments: segments.map((segment) => inFull(segment, recogniser)) }),
    ...(parts.includes("word") && { words }),
  };
}

/** With what typed clients want beside: Whisper's, as far as it has a meaning here. */
function inFull(segment: VerboseSegment, { tokensOf }: ServedRecogniser): object {
  const bytes = Buffer.from(segment.text);
  return {
    ...segment,
    seek: Math.round(100 * segment.start), // in frames of 10 ms
    tokens: tokensOf(segment.text),
    temperature: 0,
    compression_ratio: bytes.length / deflateSync(bytes).length,
    no_speech_prob: 0,
  };
}
