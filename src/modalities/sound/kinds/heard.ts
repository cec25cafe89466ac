/** Sound as a model reads it. */
import { type Audio, AudioError } from "../../../data/audio/audio.js";
import { resample } from "../../../data/audio/resample.js";
import { scaleBands } from "../../../features/audio/band-scaling.js";
import { levelled, melWindow } from "../../../features/audio/clip.js";
import type { SavedSoundModel } from "../../../interop/sound-folder.js";

/** Sound of one rate, as loud as all clips. Throws `AudioError` naming `name` for silence. */
export function loudSound(sound: Audio, sampleRate: number, name: string): Float32Array {
  const samples = levelled(resample(sound.samples, sound.sampleRate, sampleRate));
  if (samples) return samples;
  throw new AudioError("a sound is silent", name, "give one that can be heard");
}

/** What a model reads of a sound: its first frames [bands, frames], scaled. Throws `AudioError` for silence. */
export function heard(saved: SavedSoundModel, sound: Audio, name: string): Float32Array {
  return readWindow(saved, loudSound(sound, saved.mel.sampleRate, name), saved.lead);
}

/** The same of samples at the model's rate, behind so many frames of silence. */
export function readWindow(
  { mel, scaling, model }: SavedSoundModel,
  samples: Float32Array,
  lead: number,
): Float32Array {
  return scaleBands(melWindow(mel, samples, { lead, frames: model.width }), scaling);
}
