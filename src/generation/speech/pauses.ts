import { kaldiMel } from "../../features/audio/mel-settings.js";
import { type Frames, framesOf, logMel } from "../../features/audio/mel-spectrogram.js";

/** A stretch without speech, in samples. */
export interface Pause {
  readonly start: number;
  readonly end: number;
}

const SETTINGS = { ...kaldiMel, normalisation: "none" } as const;

/** Shares of the frames that are quieter than the quiet, a short pause of a long sound, and than the loud. */
const QUIET = 0.02;
const LOUD = 0.95;
/** Speech is louder than the quiet by this share of the way to the loud. */
const THRESHOLD = 0.3;
/** Nats of energy between these without which all is taken for speech: noise alone, music. 9 dB. */
const LEAST_CONTRAST = 2;
/** Frames of 10 ms that count as speech before and after what is loud: soft beginnings, ends and stops. */
const BEFORE = 5;
const AFTER = 15;
const SHORTEST_PAUSE = 20;

/** The pauses in a sound of 16 kHz, by its energy: at least 200 ms, beside what the hangover takes. */
export function pausesIn(samples: Float32Array): Pause[] {
  if (framesOf(SETTINGS, samples.length) === 0) return [];
  const isSpeech = speechIn(logMel(SETTINGS, samples));
  const pauses: Pause[] = [];
  for (let start = 0; start < isSpeech.length; start++) {
    if (isSpeech[start]) continue;
    let end = start;
    while (end < isSpeech.length && !isSpeech[end]) end++;
    if (end - start >= SHORTEST_PAUSE) pauses.push({ start: start * SETTINGS.hop, end: end * SETTINGS.hop });
    start = end;
  }
  return pauses;
}

/** 1 for each frame of a log-mel spectrogram (natural, not normalised) that holds speech or stands beside it. */
export function speechIn({ data, frames, bands }: Frames): Uint8Array {
  const energies = Float32Array.from({ length: frames }, (_, frame) => {
    const row = data.subarray(frame * bands, (frame + 1) * bands);
    return row.reduce((sum, value) => sum + value, 0) / bands;
  });
  const sorted = energies.toSorted();
  const quiet = sorted[Math.floor(QUIET * frames)];
  const contrast = sorted[Math.floor(LOUD * frames)] - quiet;
  const isSpeech = new Uint8Array(frames);
  if (contrast < LEAST_CONTRAST) return isSpeech.fill(1);
  for (const [frame, energy] of energies.entries()) {
    if (energy > quiet + THRESHOLD * contrast)
      isSpeech.fill(1, Math.max(0, frame - BEFORE), frame + AFTER + 1);
  }
  return isSpeech;
}
