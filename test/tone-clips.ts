/** Short sounds for tests: each class is a tone of its own, each speaker a loudness of its overtone. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWav } from "../src/data/audio/write-wav.js";

const sampleRate = 8000;
/** The classes, notes of a piano, and what they sound like, in hertz. */
export const toneClasses = { A4: 440, E6: 1318.5 } as const;
const speakers = { ann: 0, bob: 0.5 };

/** A tone of a class that falls off, by a speaker; takes are of other lengths. */
export function toneClip(name: keyof typeof toneClasses, speaker: keyof typeof speakers, take: number) {
  const samples = new Float32Array((0.3 + 0.02 * take) * sampleRate);
  for (let i = 0; i < samples.length; i++) {
    const turn = (2 * Math.PI * toneClasses[name] * i) / sampleRate;
    const loudness = 0.4 * Math.exp((-4 * i) / sampleRate);
    samples[i] = loudness * (Math.sin(turn) + speakers[speaker] * Math.sin(2 * turn));
  }
  return { samples, sampleRate };
}

/** WAV files class_speaker_take.wav, as many takes of each. */
export function writeToneClips(folder: string, takes: number): void {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(toneClasses) as (keyof typeof toneClasses)[]) {
    for (const speaker of Object.keys(speakers) as (keyof typeof speakers)[]) {
      for (let take = 0; take < takes; take++) {
        writeFileSync(
          join(folder, `${name}_${speaker}_${take}.wav`),
          encodeWav(toneClip(name, speaker, take)),
        );
      }
    }
  }
}
