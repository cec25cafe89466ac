/** A model's uses in a thread of their own: what they do between runs of a graph would hold up the server's. */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { errorOf } from "../../serving/engine/thread-messages.js";
import { ServingError } from "../../serving/errors.js";
import { startThread } from "../../threads/start-thread.js";
import type { InputFile, Named, Output, UseRequest, Verb } from "../modality.js";
import { endThread, type ThreadOptions, type UseAnswer, type UseMessage } from "./messages.js";

/** How long a thread may take to end by itself. */
const patienceMs = 1000;

export interface UseThread {
  /** All that a use gives. Throws `RequestError` for what was asked wrongly, `ServingError` when the thread broke off. */
  run(verb: Verb, request: Asked, signal: AbortSignal): Promise<readonly Output[]>;
  readonly hasFailed: boolean;
  close(): Promise<void>;
}

/** What is asked of a use: its options, and files. */
export interface Asked {
  readonly options: UseRequest["options"];
  readonly inputs?: readonly InputFile[];
  readonly wanted?: UseRequest["wanted"];
}

/** Opens a model in a thread. Throws `ServingError` where that fails. */
export async function startUses(
  { name, folder, checkpoint }: Named,
  { device, modalities }: Pick<ThreadOptions, "device" | "modalities"> = {},
): Promise<UseThread> {
  const options: ThreadOptions = { name, folder: folder.location, checkpoint, device, modalities };
  const uses = new Uses(startThread("./worker", import.meta.url, options));
  await uses.ready;
  return uses;
}

interface Waiting {
  resolve(outputs: readonly Output[]): void;
  reject(error: unknown): void;
}

class Uses implements UseThread {
  readonly ready: Promise<void>;
  private readonly open = new Map<number, Waiting>();
  private lastId = 0;
  private failure?: ServingError;

  constructor(private readonly thread: Worker) {
    this.ready = new Promise((resolve, reject) => {
      thread.on("message", (answer: UseAnswer) => {
        if (answer.kind === "ready") resolve();
        else if (answer.kind === "failed") reject(errorOf({ ...answer.error, isOfRequest: false }));
        else this.settle(answer);
      });
      const breakOff = (how: string) => {
        this.fail(how);
        reject(this.failure);
      };
      thread.on("error", (error) => breakOff(error.message));
      thread.on("exit", (code) => breakOff(`exit code ${code}`));
    });
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  async run(verb: Verb, { options, inputs = [], wanted }: Asked, signal: AbortSignal) {
    if (this.failure) throw this.failure;
    signal.throwIfAborted();
    const id = ++this.lastId;
    const cancelled = new Int32Array(new SharedArrayBuffer(4));
    const message: UseMessage = { id, verb, options, inputs, wanted, cancelled };
    const answered = new Promise<readonly Output[]>((resolve, reject) =>
      this.open.set(id, { resolve, reject }),
    );
    const cancel = () => {
      Atomics.store(cancelled, 0, 1);
      this.open.get(id)?.reject(signal.reason);
      this.open.delete(id);
    };
    signal.addEventListener("abort", cancel, { once: true });
    this.thread.postMessage(message);
    return answered.finally(() => signal.removeEventListener("abort", cancel));
  }

  /** A use that goes on for longer is broken off, and what the model took is the process's until its end. */
  async close(): Promise<void> {
    const ended = once(this.thread, "exit", { signal: AbortSignal.timeout(patienceMs) }).catch(() => {});
    this.thread.postMessage(endThread);
    if (!this.failure) await ended;
    await this.thread.terminate();
  }

  private settle(answer: Extract<UseAnswer, { id: number }>): void {
    const waiting = this.open.get(answer.id);
    this.open.delete(answer.id);
    if (answer.kind === "done") waiting?.resolve(answer.outputs);
    else waiting?.reject(errorOf(answer.error));
  }

  private fail(how: string): void {
    this.failure ??= new ServingError(
      "the model's thread has ended",
      how,
      "start the server anew; when it ran out of memory, serve a smaller model",
    );
    for (const { reject } of this.open.values()) reject(this.failure);
    this.open.clear();
  }
}
