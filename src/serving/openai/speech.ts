/** POST /v1/audio/speech */
import { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { RequestError } from "../engine/engine.js";
import { badField } from "../http/api-error.js";
import { readJson } from "../http/json-body.js";
import { requireModel } from "../http/models.js";
import type { Route } from "../http/served.js";

/** What can be written exactly, and how it is announced. */
const types = { mp3: "audio/mpeg", wav: "audio/wav", pcm: "audio/pcm" } as const;
/** A form of speech. */
export type SpeechForm = keyof typeof types;

/** Where speech is asked for. */
export const speechPath = "/v1/audio/speech";

/** A model that says words, as clients see it. */
export interface ServedSpeaker {
  readonly name: string;
  /** All that it can say. */
  readonly words: readonly string[];
  /** In which it says them; none: there is one, which has no name. */
  readonly voices: readonly string[];
  /** Speech as a file, or of `pcm` samples of 16 bits and 24 kHz. */
  speak(asked: SpeechRequest, signal: AbortSignal): Promise<Uint8Array>;
}

/** What is to be said. */
export interface SpeechRequest {
  /** Of the speaker's. */
  readonly words: readonly string[];
  readonly voice?: string;
  readonly form: SpeechForm;
  /** The same one gives the same sound. */
  readonly seed?: number;
}

const only = (value: string) => ({ error: `This server does not support it; leave it out or give ${value}` });

/** OpenAI's fields: those that would change the answer are refused, those that nobody here has heard of ignored. */
const speechRequest = z.object({
  model: z.string({ error: "Name the model" }),
  input: z.string().min(1).max(4096),
  voice: z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)]).optional(),
  response_format: z
    .enum(Object.keys(types) as [SpeechForm, ...SpeechForm[]], { error: "Ask for mp3, wav or pcm" })
    .default("mp3"),
  speed: z.literal(1, only("1")).optional(),
  stream_format: z.literal("audio", only("audio")).optional(),
  instructions: z.literal("", only("nothing")).optional(),
  seed: z.int().optional(),
});

/** The routes of a model whose classes are words: they are said one after another. */
export function speechRoutes(speaker: ServedSpeaker): Route[] {
  const { name: model, words, voices } = speaker;
  return [
    { method: "GET", path: `${speechPath}/settings`, handle: async (c) => c.json({ model, words, voices }) },
    {
      method: "POST",
      path: speechPath,
      async handle(c, { limits, admission }) {
        const fields = await readJson(c, speechRequest, limits.bodyBytes);
        requireModel([model], fields.model);
        const { response_format: form, seed } = fields;
        const asked = {
          words: wordsOf(speaker, fields.input),
          voice: voiceOf(speaker, fields.voice),
          form,
          seed,
        };
        const bytes = await admission.answer(c.req.raw.signal, (signal) => speaker.speak(asked, signal));
        return c.body(new Uint8Array(bytes), 200, { "content-type": types[form] });
      },
    },
  ];
}

/** The words of a text, whatever their case; a class of several words is found whole. Throws `ApiError` 400 for others. */
function wordsOf({ words }: ServedSpeaker, input: string): string[] {
  const known = new Map(words.map((word) => [normalised(word), word]));
  const longest = Math.max(1, ...words.map((word) => normalised(word).split(" ").length));
  const parts = normalised(input).split(" ").filter(Boolean);
  const found: string[] = [];
  for (let at = 0; at < parts.length; ) {
    let count = Math.min(longest, parts.length - at);
    while (count > 0 && !known.has(parts.slice(at, at + count).join(" "))) count--;
    if (count === 0) throw unknown("input", "word", parts[at], words);
    found.push(known.get(parts.slice(at, at + count).join(" "))!);
    at += count;
  }
  if (found.length === 0) throw unknown("input", "word", input, words);
  return found;
}

const normalised = (text: string) =>
  text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim();

/** Throws `ApiError` 400 for a voice that is none of the speaker's. */
function voiceOf({ voices }: ServedSpeaker, asked: string | undefined): string | undefined {
  if (asked === undefined || asked === "" || (voices.length === 0 && asked === "default")) return undefined;
  const voice = voices.find((one) => one.toLowerCase() === asked.toLowerCase());
  if (voice === undefined) throw unknown("voice", "voice", asked, voices.length > 0 ? voices : ["default"]);
  return voice;
}

function unknown(param: string, what: string, found: string, known: readonly string[]) {
  const wrong = new RequestError(
    `the model does not know this ${what}`,
    shown(found),
    `give one of these: ${known.join(", ")}`,
  );
  return badField(wrong, param);
}
