/**
 * How far a long work is, told now and then: `done` of `total`, where that is known. Readers of files count the bytes
 * on disk.
 */
export type OnProgress = (done: number, total?: number) => void;

/** How a long work is watched and stopped. Stopped, it throws the signal's reason and leaves nothing half-written. */
export interface Watching {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Computing without a pause keeps signals from arriving; so often it makes one. */
const PAUSE_EVERY_MS = 100;

/**
 * For loops that compute for long: awaited in each round, it now and then lets the rest of the program have a turn,
 * and throws the signal's reason once it is stopped.
 */
export function pauses(signal?: AbortSignal): () => void | Promise<void> {
  let last = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - last < PAUSE_EVERY_MS) return;
    return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
      last = performance.now();
      signal?.throwIfAborted();
    });
  };
}
