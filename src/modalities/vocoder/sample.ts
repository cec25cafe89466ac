import { randomStream } from "../../core/random.js";
import type { Runtime } from "../../core/runtime/session.js";
import { encodePng } from "../../data/images/write-images.js";
import { logMel } from "../../features/audio/mel-spectrogram.js";
import { griffinLim } from "../../generation/sound/griffin-lim.js";
import { spectrogramPicture } from "../../generation/sound/spectrogram-picture.js";
import { compileVocoder, type VocoderParts } from "../../generation/sound/vocode.js";
import type { Tape } from "./tape.js";

/** Of the sound that is shown. */
const shownSeconds = 2;

/** The spectrograms of a held-out sound below each other: the recording, Griffin and Lim's, and the vocoder's. */
export async function vocoderSampler(
  runtime: Runtime,
  parts: VocoderParts,
  tape: Tape,
): Promise<() => Promise<{ bytes: Uint8Array; ending: string }>> {
  const { mel } = parts;
  const session = await compileVocoder(runtime, parts, { live: true });
  const length = Math.min(tape.samples, shownSeconds * mel.sampleRate);
  const sound = await tape.read(0, length);
  const { data } = logMel(mel, sound);
  const random = () => randomStream(0, "vocoder sample");
  const plain = griffinLim(data, mel, { length, random: random() });
  return async () => {
    const made = await session.vocode(data, random(), length);
    const picture = spectrogramPicture([sound, plain, made], mel.sampleRate);
    return { bytes: await encodePng(picture.pixels, picture), ending: ".png" };
  };
}
