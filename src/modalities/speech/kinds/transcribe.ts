/** What is said in recordings. */
import { AutodidactError } from "../../../core/errors.js";
import { decodePieces } from "../../../data/audio/decode.js";
import { kaldiMel } from "../../../features/audio/mel-settings.js";
import { GenerationError } from "../../../generation/errors.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { type Heard, outputOf, written } from "./heard.js";
import { type Hearing, hearingOf } from "./hearing.js";
import type { Transcribing } from "./options.js";
import type { Saved } from "./saved.js";

/**
 * The transcript of each recording; `onText` is told of each when it is heard, but of JSON, which is one value. Those that
 * cannot be heard are told of when the others are done: throws `AudioError` or `AudioFeatureError` for one,
 * `GenerationError` for several.
 */
export async function* transcribe(
  named: Named<Saved<"recogniser">>,
  { inputs, onText }: Pick<UseRequest, "inputs" | "onText">,
  { format, ...decoding }: Transcribing,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const hear = await hearingOf(saved, decoding, around);
  const heard: Heard[] = [];
  const errors: AutodidactError[] = [];
  for (const file of inputs) {
    try {
      const one = await heardIn(file, hear, around);
      heard.push(one);
      if (format !== "json") onText?.(`${written(format, one, inputs.length > 1).trimEnd()}\n`);
    } catch (error) {
      if (!(error instanceof AutodidactError)) throw error;
      errors.push(error);
    }
  }
  if (heard.length > 0) {
    const { text, ...output } = outputOf(heard, format, saved.language, inputs.length > 1);
    yield format !== "json" && onText ? output : { ...output, text };
  }
  if (errors.length > 0) throw unheard(errors);
}

async function heardIn({ name, bytes }: InputFile, hear: Hearing, around: Surroundings): Promise<Heard> {
  const { sampleRate } = kaldiMel;
  const seconds = (count: number) => Math.round(count / sampleRate);
  let [length, share] = [0, 0];
  async function* sound(): AsyncGenerator<Float32Array> {
    for await (const piece of decodePieces(bytes, name, { sampleRate })) {
      length += piece.samples.length;
      share = piece.share;
      yield piece.samples;
    }
  }
  const transcript = await hear(sound(), name, (done) => {
    around.signal?.throwIfAborted();
    around.onProgress?.(`seconds of ${name}`, seconds(done), seconds(length / share));
  });
  return { file: name, transcript, duration: length / sampleRate };
}

/** The first error, and how many more recordings could not be heard. */
function unheard([first, ...others]: readonly AutodidactError[]): AutodidactError {
  if (others.length === 0) return first;
  const values = `${first.values}; ${others.length} more: ${others.map(({ values }) => values).join("; ")}`;
  return new GenerationError(first.what, values, first.advice, { cause: first });
}
