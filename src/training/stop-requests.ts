/** Requests to end a run: a signal, or a file in its folder that any program can write. */
import type { Folder } from "../files/folder.js";

/** The file that asks a run to end. It is removed when it is found, so that a resumed run goes on. */
export const stopFile = "stop";

/** Between two looks for the file. */
const intervalMs = 1000;

export interface StopRequests {
  /** Aborted by a request. */
  readonly signal: AbortSignal;
  /** Looks for the file when the last look is a second ago. */
  look(): Promise<void>;
  /** The same items, with a look before each. */
  between<T>(items: AsyncIterable<T>): AsyncIterable<T>;
}

export function stopRequests(run: Folder, signal?: AbortSignal): StopRequests {
  const asked = new AbortController();
  let lastMs = Number.NEGATIVE_INFINITY;
  async function look(): Promise<void> {
    if (performance.now() - lastMs < intervalMs) return;
    lastMs = performance.now();
    if ((await run.size(stopFile)) === undefined) return;
    await run.remove(stopFile);
    asked.abort();
  }
  return {
    signal: signal ? AbortSignal.any([signal, asked.signal]) : asked.signal,
    look,
    async *between(items) {
      for await (const item of items) {
        await look();
        yield item;
      }
    },
  };
}
