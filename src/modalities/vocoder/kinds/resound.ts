/** A sound, taken to its mel spectrogram and back. */
import { randomStream } from "../../../core/random.js";
import { decodeAudio } from "../../../data/audio/decode.js";
import { encodeSound, type SoundEnding } from "../../../data/audio/write-sound.js";
import { logMel } from "../../../features/audio/mel-spectrogram.js";
import { GenerationError } from "../../../generation/errors.js";
import { compileVocoder } from "../../../generation/sound/vocode.js";
import type { SavedVocoder } from "../../../interop/vocoder-folder.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import type { Resounding } from "./options.js";

/** Throws `GenerationError` where no sound is given, and what decoding it throws. */
export async function* resound(
  named: Named<SavedVocoder>,
  { from, iterations, seed }: Resounding,
  { ending }: NonNullable<UseRequest["wanted"]>,
  { runtime }: Surroundings,
): AsyncGenerator<Output> {
  if (!from) {
    throw new GenerationError(
      "a vocoder makes sound of a sound's mel spectrogram",
      "no sound is given",
      "give --from: a recording",
    );
  }
  const saved = await named.open();
  const { sampleRate } = saved.mel;
  const { samples } = await decodeAudio(from.bytes, from.name, { sampleRate });
  const session = await compileVocoder(runtime, withIterations(saved, iterations));
  const { data } = logMel(saved.mel, samples);
  const made = await session.vocode(data, randomStream(seed, "vocoder"), samples.length);
  await session.release();
  yield { kind: "file", bytes: await encodeSound([made], sampleRate, ending as SoundEnding), name: "sound" };
}

/** The vocoder with so many iterations, where they are given. */
export function withIterations(saved: SavedVocoder, iterations = saved.generation.iterations): SavedVocoder {
  return { ...saved, generation: { iterations } };
}
