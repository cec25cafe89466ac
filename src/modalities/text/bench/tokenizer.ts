/** How fast a byte-pair tokenizer is trained, and how fast it encodes. */
import type { BenchReport, BenchSurroundings } from "../../../bench/bench.js";
import { table } from "../../../bench/table.js";
import { formatBytes } from "../../../core/quantities.js";
import { trainBpe } from "../../../features/tokenizer/bpe-trainer.js";
import { texts } from "./chapters.js";

export interface TokenizerResult {
  readonly bytes: number;
  readonly vocabSize: number;
  readonly trainingSeconds: number;
  readonly encodingMegabytesPerSecond: number;
  /** Bytes a token in the encoded text. */
  readonly bytesPerToken: number;
}

/** Measures a tokenizer. */
export async function reportTokenizer({ announce }: BenchSurroundings): Promise<BenchReport> {
  announce("byte-pair tokenizer");
  const tokenizer = await benchTokenizer();
  return { results: { tokenizer }, tables: [tokenizerTable(tokenizer)] };
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

export function tokenizerTable(result: TokenizerResult): string {
  const { bytes, vocabSize, trainingSeconds, encodingMegabytesPerSecond, bytesPerToken } = result;
  return table(
    ["byte-pair tokenizer", "training", "encoding", "bytes a token"],
    [
      [
        `${formatBytes(bytes)}, vocab ${vocabSize}`,
        `${trainingSeconds.toFixed(1)} s`,
        `${encodingMegabytesPerSecond.toFixed(1)} MB/s`,
        bytesPerToken.toFixed(2),
      ],
    ],
  );
}
