/** `POST /v1/audio/live`: what somebody says, written down while it is said. Each request brings the next of its sound. */
import { z } from "zod";
import { fromPcm16 } from "../../../data/audio/pcm16.js";
import { Resampler } from "../../../data/audio/resample.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { LiveTranscript } from "../../../generation/speech/live-transcript.js";
import { segmentsOf } from "../../../generation/speech/segments.js";
import type { Word } from "../../../generation/speech/transcript.js";
import { ApiError } from "../../../serving/http/api-error.js";
import { bad, checkFields, readBytes } from "../../../serving/http/body.js";
import type { Route } from "../../../serving/http/served.js";

/** Hears samples of 16 kHz. */
export type Hear = (samples: Float32Array, signal: AbortSignal) => Promise<readonly Word[]>;

/** Speakers at once, each of whom holds some seconds of sound. */
const MOST_SPEAKERS = 8;
/** Without a request for so long somebody has gone. */
const GONE_MS = 30_000;
/** Of one request. */
const MOST_BYTES = 2 ** 22;

const query = z.object({
  session: z.string().regex(/^[\w-]{8,64}$/, "Choose 8 to 64 letters and digits, new for each recording"),
  rate: z.coerce.number("Give the samples of a second, 4000 to 384000").int().min(4000).max(384_000),
  end: z.enum(["true", "false"]).default("false"),
});

/** Somebody who speaks. */
interface Speaker {
  readonly rate: number;
  readonly transcript: LiveTranscript;
  readonly resampler?: Resampler;
  /** Whether a request is not answered yet. */
  isHeard: boolean;
  /** Of the last request, as `performance.now()` says it. */
  seen: number;
  signal: AbortSignal;
}

/**
 * The query has `session`, a name that the client makes up, `rate`, and at the end `end=true`; the body is mono sound of 16
 * bits, little-endian. The answer has the words that are `settled` since the last one, and those that later sound may still
 * change, `open`; at the end all `words`, the `text`, and its `segments`.
 */
export function liveRoute(hear: Hear): Route {
  const speakers = new Map<string, Speaker>();
  return {
    method: "POST",
    path: "/v1/audio/live",
    async handle(c, { admission, limits }) {
      const { session, rate, end } = checkFields(query, c.req.query());
      const bytes = await readBytes(c, Math.min(limits.bodyBytes, MOST_BYTES));
      if (bytes.length % 2 === 1) {
        throw bad("the sound has half a sample", `${bytes.length} bytes`, "send whole samples of 16 bits");
      }
      const speaker = speakerOf(speakers, session, rate, hear);
      const samples = fromPcm16(new Int16Array(Uint8Array.from(bytes).buffer));
      if (speaker.isHeard)
        throw tooMuch("the sound before is still being heard", session, "wait for its answer");
      speaker.isHeard = true;
      try {
        const answer = await admission.answer(c.req.raw.signal, (signal) => {
          speaker.signal = signal;
          return answerOf(speaker, samples, end === "true");
        });
        if (end === "true") speakers.delete(session);
        return c.json(answer);
      } finally {
        speaker.isHeard = false;
      }
    },
  };
}

function speakerOf(speakers: Map<string, Speaker>, session: string, rate: number, hear: Hear): Speaker {
  const now = performance.now();
  for (const [name, { seen, isHeard }] of speakers) {
    if (now - seen > GONE_MS && !isHeard) speakers.delete(name);
  }
  const speaker = speakers.get(session) ?? newSpeaker(rate, hear);
  if (!speakers.has(session) && speakers.size >= MOST_SPEAKERS)
    throw tooMuch("too many speak at once", `${MOST_SPEAKERS}`, "try again when one has ended");
  if (speaker.rate !== rate) {
    throw bad("the sound has another rate than before", `${rate}, not ${speaker.rate}`, "begin anew", "rate");
  }
  speaker.seen = now;
  speakers.set(session, speaker);
  return speaker;
}

function newSpeaker(rate: number, hear: Hear): Speaker {
  const { sampleRate } = kaldiMel;
  const speaker: Speaker = {
    rate,
    transcript: new LiveTranscript((samples) => hear(samples, speaker.signal)),
    resampler: rate === sampleRate ? undefined : new Resampler(rate, sampleRate),
    isHeard: false,
    seen: 0,
    signal: AbortSignal.abort(),
  };
  return speaker;
}

async function answerOf({ transcript, resampler }: Speaker, samples: Float32Array, isLast: boolean) {
  const { settled, open } = await transcript.push(resampler ? resampler.push(samples) : samples);
  if (!isLast) return { duration: transcript.duration, settled: settled.map(shown), open: open.map(shown) };
  if (resampler) await transcript.push(resampler.end());
  const { text, words } = await transcript.end();
  const segments = segmentsOf(words).map(({ text, start, end }) => ({ start, end, text }));
  return { duration: transcript.duration, text, segments, words: words.map(shown) };
}

const shown = ({ text, start, end }: Word) => ({ word: text, start, end });

function tooMuch(what: string, values: string, advice: string): ApiError {
  const details = { code: "queue_full", headers: { "retry-after": "1" } };
  return new ApiError(429, what, values, advice, details);
}
