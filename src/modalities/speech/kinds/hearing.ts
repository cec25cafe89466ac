/** A recogniser made ready: sound in, transcripts out. */
import { fromPcm16, toPcm16 } from "../../../data/audio/pcm16.js";
import { AudioFeatureError } from "../../../features/audio/errors.js";
import { normaliseTranscript } from "../../../features/tokenizer/normalise-transcript.js";
import { readArpa } from "../../../generation/speech/arpa.js";
import { type BeamSearch, beamSearch } from "../../../generation/speech/beam.js";
import type { Emissions } from "../../../generation/speech/emissions.js";
import { trainNgrams } from "../../../generation/speech/kneser-ney.js";
import type { Sound } from "../../../generation/speech/long-audio.js";
import type { NgramModel } from "../../../generation/speech/ngram.js";
import { compileRecogniser } from "../../../generation/speech/recogniser-session.js";
import { type Transcript, transcriptOf } from "../../../generation/speech/transcript.js";
import { kept } from "../../kept.js";
import type { InputFile, Surroundings } from "../../modality.js";
import type { Saved } from "./saved.js";

/** How what is heard becomes words, as flags say it. */
export interface Decoding {
  readonly beams?: number;
  readonly lm?: InputFile;
  readonly hot?: readonly string[];
}

/**
 * The transcript of samples of 16 kHz, piece after piece; `onWindow` is told how many are done. Throws
 * `AudioFeatureError` with the name of what is too short.
 */
export type Hearing = (sound: Sound, name: string, onWindow?: (done: number) => void) => Promise<Transcript>;

/** Prefixes that are followed where words are ranked and nobody says how many. */
const USUAL_BEAMS = 50;

/** Compiles the model, once for all who ask. Throws what the language model and hot words throw. */
export async function hearingOf(
  saved: Saved<"recogniser">,
  decoding: Decoding,
  around: Pick<Surroundings, "runtime">,
): Promise<Hearing> {
  const search = searchOf(saved, decoding);
  const emit = await emittingOf(saved, around);
  return (sound, name, onWindow) =>
    transcriptOf(emit(sound, name, onWindow), saved.vocabulary!.tokens, search);
}

/** What a transcript is made of; as `Hearing`. */
export type Emitting = (
  sound: Sound,
  name: string,
  onWindow?: (done: number) => void,
) => AsyncGenerator<Emissions>;

/** Compiles the model, once for all who ask. */
export async function emittingOf(
  saved: Saved<"recogniser">,
  { runtime }: Pick<Surroundings, "runtime">,
): Promise<Emitting> {
  const session = await kept(saved, "recogniser", () =>
    compileRecogniser(runtime, saved.model, saved.weights),
  );
  return async function* (sound, name, onWindow) {
    try {
      yield* session.hear(rounded(sound), onWindow);
    } catch (error) {
      if (!(error instanceof AudioFeatureError)) throw error;
      throw new AudioFeatureError(error.what, `${name}: ${error.values}`, error.advice, { cause: error });
    }
  };
}

/** In 16 bits, as it was learned from: what rounding leaves in bands without sound is heard, too. */
async function* rounded(sound: Sound): AsyncGenerator<Float32Array> {
  for await (const samples of sound) yield fromPcm16(toPcm16(samples));
}

/** The search that is asked for; undefined where the best of each frame is taken. */
export function searchOf(
  { vocabulary, generation, language }: Saved<"recogniser">,
  { beams, lm, hot = [] }: Decoding,
): BeamSearch | undefined {
  const ranks = lm !== undefined || hot.length > 0;
  const own = generation.beams as number | undefined;
  const width = beams ?? (ranks ? USUAL_BEAMS : (own ?? 1));
  if (width === 1 && !ranks) return undefined;
  const normalised = (text: string) => normaliseTranscript(text, { language }).text;
  return beamSearch(vocabulary!.tokens, {
    width,
    model: lm && wordModelOf(lm, normalised),
    hotWords: hot.map(normalised),
  });
}

/** An ARPA file as it is; of any other text a model of its lines. */
function wordModelOf({ name, bytes }: InputFile, normalised: (text: string) => string): NgramModel {
  const text = new TextDecoder().decode(bytes);
  if (name.endsWith(".arpa")) return readArpa(text, name);
  return trainNgrams(text.split("\n").map(normalised).filter(Boolean), 3);
}
