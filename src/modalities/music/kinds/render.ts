import type { Score } from "../../../data/music/score.js";
import { writeMidi } from "../../../data/music/write-midi.js";
import type { InputFile } from "../../modality.js";

/** A score as the bytes of a file: .mid; .wav and .mp3, played; .png, drawn. */
export async function render(score: Score, _ending: string, _soundfont?: InputFile): Promise<Uint8Array> {
  return writeMidi(score);
}
