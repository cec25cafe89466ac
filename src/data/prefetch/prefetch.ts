/** Batches made ahead of the step, in a thread of their own: what makes them would hold up that of the steps. */
import { performance } from "node:perf_hooks";
import type { Worker } from "node:worker_threads";
import { DataError } from "../../files/errors.js";
import { startThread } from "../../threads/start-thread.js";
import {
  type BatchAnswer,
  type BatchArrays,
  type BatchRequest,
  errorOf,
  partsOf,
  type ThreadOptions,
} from "./thread-messages.js";

export type { BatchArrays, MakeBatch } from "./thread-messages.js";

export interface Prefetch {
  /**
   * The batch, and the next ones are begun; any index may follow. Throws what making the batch threw, by name and
   * parts, as a `DataError`; also when the thread broke off or is closed.
   */
  batch(index: number): Promise<BatchArrays>;
  /** Ends the thread. */
  close(): Promise<void>;
  /** How long batches were waited for, all together. */
  readonly waitedMs: number;
}

/**
 * Starts a thread that makes batches. `module` exports `batches(options): Promise<MakeBatch>`; the options must
 * survive a structured clone, and each batch be a pure function of its index. Arrays that fill their buffer are
 * handed over, not copied. The thread keeps no process alive that does not wait for a batch.
 */
export function prefetch(
  module: URL,
  options: unknown,
  { ahead = 2 }: { readonly ahead?: number } = {},
): Prefetch {
  const data: ThreadOptions = { module: module.href, options };
  return new BatchThread(startThread("./worker", import.meta.url, data), ahead);
}

interface Waiting {
  resolve(batch: BatchArrays): void;
  reject(error: DataError): void;
}

class BatchThread implements Prefetch {
  waitedMs = 0;
  /** Batches begun that nobody has asked for yet, by index. */
  private readonly begun = new Map<number, Promise<BatchArrays>>();
  /** Who is to get an answer, by the number of the request. */
  private readonly open = new Map<number, Waiting>();
  private lastId = 0;
  private numWaiting = 0;
  /** Why no batch comes any more. */
  private refusal?: DataError;

  constructor(
    private readonly thread: Worker,
    private readonly ahead: number,
  ) {
    thread.on("message", (answer: BatchAnswer) => this.receive(answer));
    thread.on("error", (error) => this.fail(errorOf(partsOf(error))));
    thread.on("exit", (code) => this.fail(ended(code)));
    thread.unref();
  }

  async batch(index: number): Promise<BatchArrays> {
    const wanted = this.begun.get(index) ?? this.begin(index);
    this.begun.delete(index);
    const last = index + this.ahead;
    for (const known of this.begun.keys()) if (known < index || known > last) this.begun.delete(known);
    for (let next = index + 1; next <= last; next++) {
      if (!this.begun.has(next)) this.begun.set(next, this.begin(next));
    }
    return this.waitFor(wanted);
  }

  async close(): Promise<void> {
    this.fail(closed());
    await this.thread.terminate();
  }

  private begin(index: number): Promise<BatchArrays> {
    const id = ++this.lastId;
    const batch = new Promise<BatchArrays>((resolve, reject) => {
      if (this.refusal) reject(this.refusal);
      else this.open.set(id, { resolve, reject });
    });
    // One that nobody asks for may fail unseen.
    batch.catch(() => {});
    this.thread.postMessage({ id, index } satisfies BatchRequest);
    return batch;
  }

  /** Only meanwhile does the thread keep the process alive. */
  private async waitFor(batch: Promise<BatchArrays>): Promise<BatchArrays> {
    const start = performance.now();
    if (this.numWaiting++ === 0) this.thread.ref();
    try {
      return await batch;
    } finally {
      if (--this.numWaiting === 0) this.thread.unref();
      this.waitedMs += performance.now() - start;
    }
  }

  private receive(answer: BatchAnswer): void {
    const waiting = this.open.get(answer.id);
    this.open.delete(answer.id);
    if ("batch" in answer) waiting?.resolve(answer.batch);
    else waiting?.reject(errorOf(answer.error));
  }

  private fail(error: DataError): void {
    this.refusal ??= error;
    for (const waiting of this.open.values()) waiting.reject(this.refusal);
    this.open.clear();
  }
}

function ended(code: number): DataError {
  return new DataError(
    "the thread that makes batches has ended",
    `exit code ${code}`,
    "start again; when it ran out of memory, take smaller batches",
  );
}

function closed(): DataError {
  return new DataError("the thread that makes batches is closed", "no batch is made", "start a new one");
}
