/** What a reader of many images lets itself be watched and stopped by. */
export interface Watching {
  /** Stops it with its reason. */
  readonly signal?: AbortSignal;
  /** Hears after each image how many are done, and of how many where that is known. */
  readonly onProgress?: (done: number, total?: number) => void;
}

/** Items one after the other, told of and stopped between them. */
export async function* watched<T>(
  items: AsyncIterable<T>,
  total: number | undefined,
  { signal, onProgress }: Watching,
): AsyncGenerator<T> {
  signal?.throwIfAborted();
  let done = 0;
  for await (const item of items) {
    signal?.throwIfAborted();
    onProgress?.(++done, total);
    yield item;
  }
}
