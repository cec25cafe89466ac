/** Models that draw sounds over HTTP: their classes are words, which they say one after another. */
import { decodeAudio } from "../../../data/audio/decode.js";
import { toPcm16 } from "../../../data/audio/pcm16.js";
import { resample } from "../../../data/audio/resample.js";
import { encodeSound } from "../../../data/audio/write-sound.js";
import type { Served } from "../../../serving/http/served.js";
import {
  type SpeechForm,
  type SpeechRequest,
  speechPath,
  speechRoutes,
} from "../../../serving/openai/speech.js";
import { pageNamed } from "../../../serving/page/page.js";
import type { Named, Output, ServeRequest } from "../../modality.js";
import { serveUses } from "../../thread/serve-uses.js";
import type { UseThread } from "../../thread/use-thread.js";
import type { Drawing } from "./options.js";
import type { Saved } from "./saved.js";

/** Between words, in seconds. */
const pause = 0.12;
/** What is 50 dB under a word's peak is silence around it. */
const silence = 10 ** (-50 / 20);
/** Of OpenAI's `pcm`. */
const pcmRate = 24_000;

/** `POST /v1/audio/speech`, and the page. */
export function serveSpeaking(named: Named<Saved<"denoiser">>, request: ServeRequest): Promise<Served> {
  const { name } = request;
  const { vocoder } = request.options as Pick<Drawing, "vocoder">;
  return serveUses(named, request, ({ classes, speakers, mel }, uses) => ({
    routes: speechRoutes({
      name,
      words: classes,
      voices: speakers,
      async speak(asked, signal) {
        const sounds = await drawn(uses, asked, vocoder, signal);
        return encoded(joinedWords(sounds, mel.sampleRate), mel.sampleRate, asked.form);
      },
    }),
    page: pageNamed("sound"),
    details: `says ${classes.length} words`,
    facts: { classes, speakers },
    example: {
      path: speechPath,
      body: { model: name, input: classes[0] ?? "", voice: speakers[0] ?? "default" },
    },
  }));
}

/** A sound for each word. */
async function drawn(
  uses: UseThread,
  { words, voice, seed }: SpeechRequest,
  vocoder: string | undefined,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const options = {
    class: words,
    speaker: voice === undefined ? undefined : [voice],
    count: words.length,
    seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    vocoder,
  };
  const outputs = await uses.run("generate", { options, wanted: { ending: ".wav", each: true } }, signal);
  const files = outputs.filter(
    (output): output is Extract<Output, { kind: "file" }> => output.kind === "file",
  );
  const sounds = [];
  for (const { bytes, name } of files) sounds.push((await decodeAudio(bytes, name)).samples);
  return sounds;
}

/** Words without the silence around them, and with short pauses between. */
export function joinedWords(sounds: readonly Float32Array[], sampleRate: number): Float32Array {
  const gap = Math.round(pause * sampleRate);
  const words = sounds.map(trimmed);
  const whole = new Float32Array(words.reduce((sum, { length }) => sum + length + gap, gap));
  let at = gap;
  for (const word of words) {
    whole.set(word, at);
    at += word.length + gap;
  }
  return whole;
}

function trimmed(sound: Float32Array): Float32Array {
  const peak = sound.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isLoud = (value: number) => Math.abs(value) > silence * peak;
  const first = sound.findIndex(isLoud);
  return first < 0 ? new Float32Array() : sound.subarray(first, sound.findLastIndex(isLoud) + 1);
}

async function encoded(samples: Float32Array, sampleRate: number, form: SpeechForm): Promise<Uint8Array> {
  if (form !== "pcm") return encodeSound([samples], sampleRate, `.${form}`);
  return new Uint8Array(toPcm16(resample(samples, sampleRate, pcmRate)).buffer);
}
