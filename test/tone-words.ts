/** Speech for tests: each letter is a tone of its own, so that a tiny model learns in seconds to write it down. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "../src/core/random.js";
import type { Audio } from "../src/data/audio/audio.js";
import { encodeWav } from "../src/data/audio/write-wav.js";

const LETTERS = "adeno";
const WORDS = ["dean", "node", "and", "no", "ode", "need"];

/** A text, spoken: letters of 0.08 s with pauses of 0.02 s. Other letters are silent. */
export function toneWords(text: string, sampleRate = 16_000): Audio {
  const [length, pause] = [0.08 * sampleRate, 0.02 * sampleRate];
  const samples = new Float32Array((text.length + 1) * (length + pause));
  for (const [place, letter] of Array.from(text).entries()) {
    if (!LETTERS.includes(letter)) continue;
    const hertz = 300 * 1.6 ** LETTERS.indexOf(letter);
    const start = place * (length + pause) + length / 2;
    for (let i = 0; i < length; i++) {
      const loudness = 0.5 * Math.sin((Math.PI * i) / length);
      samples[start + i] = loudness * Math.sin((2 * Math.PI * hertz * i) / sampleRate);
    }
  }
  return { samples, sampleRate };
}

/** Different sentences of two or three words, the same at every call. */
export function toneSentences(count: number): string[] {
  const random = randomStream(1, "sentences");
  const sentences = new Set<string>();
  while (sentences.size < count) {
    const words = Array.from({ length: 2 + random.integer(2) }, () => WORDS[random.integer(WORDS.length)]);
    sentences.add(words.join(" "));
  }
  return [...sentences];
}

/** Writes texts as recordings with a .txt beside each, "0.wav" and so on, every second one of 8 kHz. */
export function writeToneWords(folder: string, texts: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [i, text] of texts.entries()) {
    writeFileSync(join(folder, `${i}.wav`), encodeWav(toneWords(text, i % 2 === 0 ? 16_000 : 8000)));
    writeFileSync(join(folder, `${i}.txt`), text);
  }
}
