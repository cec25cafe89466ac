/** Batches of sentences side by side: a run of ONNX Runtime blocks its thread, and has too little to do for two in it. */
import { GenerationError } from "../../../generation/errors.js";
import type { SentenceBatch } from "../../../generation/translation/sentence-batch.js";
import type { DecodeBatch, Translator } from "../../../generation/translation/translate-sentences.js";
import { startCalls } from "../../../threads/calls.js";
import type { BatchAnswer } from "./decoding-thread.js";

/** As few batches for each thread are worth starting it. */
const fewestBatches = 2;

/**
 * Shares batches among at most so many threads, where there are enough of them; else `alone` translates. The threads open
 * the model at `location`, and stay.
 */
export function sharedTranslator(
  model: Translator["model"],
  location: string,
  most: number,
  alone: () => Promise<Translator>,
): Translator {
  const threads: DecodeBatch[] = [];
  return {
    model,
    async decoders(batches) {
      const count = Math.min(most, Math.floor(batches / fewestBatches));
      if (count < 2 && threads.length === 0) return (await alone()).decoders(batches);
      while (threads.length < count) threads.push(decodingThread(location));
      return threads.slice(0, Math.max(1, count));
    },
  };
}

function decodingThread(location: string): DecodeBatch {
  const ask = startCalls<SentenceBatch, BatchAnswer>("./decoding-thread", import.meta.url, location);
  return async (batch) => {
    const answer = await ask(batch).catch(broken);
    if ("found" in answer) return answer.found;
    const { what, values, advice } = answer.error;
    throw new GenerationError(what, values, advice);
  };
}

function broken(cause: Error): never {
  throw new GenerationError(
    "a thread that translates has ended",
    cause.message,
    "start again; when it ran out of memory, translate less at once",
    { cause },
  );
}
