import { Worker, workerData } from "node:worker_threads";

/**
 * Starts a thread on a module beside the caller's, such as "./worker"; `data` is what its
 * `threadData()` gives. Threads do not
 * inherit the TypeScript loader: in a checkout the thread registers it first; the package holds JavaScript.
 */
export function startThread(module: string, caller: string, data: unknown): Worker {
  const isSource = caller.endsWith(".ts");
  const file = new URL(`${module}${isSource ? ".ts" : ".js"}`, caller);
  const wrapped = { module: file.href, data };
  // Flags of this process, such as loaders, may not suit a thread.
  return new Worker(isSource ? new URL("./from-sources.mjs", import.meta.url) : file, {
    workerData: wrapped,
    execArgv: [],
  });
}

/** What `startThread` was given, in the thread. */
export function threadData<T>(): T {
  return workerData.data;
}
