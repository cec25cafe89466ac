/** The batches' thread: loads the module, then makes one batch after another, in the order they are asked for. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { DataError } from "../../files/errors.js";
import { threadData } from "../../threads/start-thread.js";
import {
  type BatchAnswer,
  type BatchArrays,
  type BatchRequest,
  type MakeBatch,
  partsOf,
  type ThreadOptions,
} from "./thread-messages.js";

async function load({ module, options }: ThreadOptions): Promise<MakeBatch> {
  const { batches } = await import(module);
  if (typeof batches === "function") return batches(options);
  throw new DataError("the module makes no batches", module, "export a function `batches` from it");
}

async function answer(port: MessagePort, loaded: Promise<MakeBatch>, { id, index }: BatchRequest) {
  try {
    const make = await loaded;
    const batch = owned(await make(index));
    port.postMessage({ id, batch } satisfies BatchAnswer, [...buffersOf(batch)]);
  } catch (error) {
    port.postMessage({ id, error: partsOf(error) } satisfies BatchAnswer);
  }
}

/** A view of a larger buffer is copied: what else lies in the buffer would be gone with it. */
function owned(batch: BatchArrays): BatchArrays {
  const arrays = Object.entries(batch).map(([name, array]) => {
    return [name, array.byteLength === array.buffer.byteLength ? array : array.slice()] as const;
  });
  return Object.fromEntries(arrays);
}

function buffersOf(batch: BatchArrays): Set<ArrayBuffer> {
  return new Set(Object.values(batch).map(({ buffer }) => buffer as ArrayBuffer));
}

const port = parentPort!;
const loaded = load(threadData());
// Told to whoever asks for a batch.
loaded.catch(() => {});
let last: Promise<void> = Promise.resolve();
port.on("message", (request: BatchRequest) => {
  last = last.then(() => answer(port, loaded, request));
});
