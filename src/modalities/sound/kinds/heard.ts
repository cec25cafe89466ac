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

/**
 * What a model reads of a sound: its first frames [bands, frames], scaled, after the model's lead of silence or another.
 * Throws `AudioError` for silence.
 */
export function heard(
  { mel, scaling, model, ...saved }: SavedSoundModel,
  sound: Audio,
  name: string,
  lead = saved.lead,
): Float32Array {
  const samples = loudSound(sound, mel.sampleRate, name);
  return scaleBands(melWindow(mel, samples, { lead, frames: model.width }), scaling);
}
