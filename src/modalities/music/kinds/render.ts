import { encodeSound, type SoundEnding } from "../../../data/audio/write-sound.js";
import { encodePng } from "../../../data/images/write-images.js";
import type { Score } from "../../../data/music/score.js";
import { findSoundfont } from "../../../data/music/soundfont.js";
import { writeMidi } from "../../../data/music/write-midi.js";
import { pianoRoll } from "../../../generation/music/piano-roll.js";
import { renderScore } from "../../../generation/music/render.js";
import type { InputFile } from "../../modality.js";

const sampleRate = 44_100;

/** A score as the bytes of a file: .mid; .wav and .mp3, played by the soundfont given or found; .png, drawn. */
export async function render(score: Score, ending: string, soundfont?: InputFile): Promise<Uint8Array> {
  if (ending === ".mid") return writeMidi(score);
  if (ending === ".png") {
    const { pixels, width, height } = pianoRoll(score);
    return encodePng(pixels, { channels: 3, width, height });
  }
  const font = soundfont?.bytes ?? (await findSoundfont())?.bytes;
  const { left, right } = await renderScore(score, { soundfont: font, sampleRate });
  return encodeSound([left, right], sampleRate, ending as SoundEnding);
}
