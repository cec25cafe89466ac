/** What may go wrong at any time, and ends all that is waited for then. */
export interface Failure {
  /** The first reason stands. */
  fail(error: Error): void;
  /** What is waited for, unless the failure comes before. */
  guard<T>(waiting: Promise<T>): Promise<T>;
}

/** Where `Promise.race` with a promise that never settles would keep all that was ever waited for. */
export function createFailure(): Failure {
  const rejects = new Set<(error: Error) => void>();
  let failed: Error | undefined;
  return {
    fail(error) {
      failed ??= error;
      for (const reject of rejects) reject(failed);
    },
    guard: (waiting) =>
      new Promise((resolve, reject) => {
        if (failed) reject(failed);
        else rejects.add(reject);
        waiting.then(resolve, reject).finally(() => rejects.delete(reject));
      }),
  };
}
