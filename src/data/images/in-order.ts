/**
 * What `transform` makes of the items, in their order, with at most `limit` of them under way or waiting.
 * The first failure, in that order, ends it; what is under way is awaited before it returns.
 */
export async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  transform: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const pending: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const made = transform(item);
      made.catch(() => {}); // reported when its turn comes
      pending.push(made);
      if (pending.length >= limit) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}
