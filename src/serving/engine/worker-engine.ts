/** An engine whose model lives in a thread of its own: what blocks there blocks no request here. */
import type { Worker } from "node:worker_threads";
import { tokenizerFromJson } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { startThread } from "../../threads/start-thread.js";
import { ServingError } from "../errors.js";
import type { Engine, EngineLoad, GenerationEvent, GenerationRequest } from "./engine.js";
import { EventQueue } from "./event-queue.js";
import {
  type Answer,
  type Command,
  type EngineOptions,
  errorOf,
  type ModelInfo,
  partsOf,
  type ThreadMessage,
} from "./thread-messages.js";

export type { EngineOptions, ModelInfo } from "./thread-messages.js";

type Ready = Extract<ThreadMessage, { kind: "ready" }>;

/**
 * Opens a model in a thread of its own and compiles it. Throws `ServingError` when it cannot be opened, has no
 * tokenizer, or the thread breaks off.
 */
export async function startEngine(options: EngineOptions): Promise<WorkerEngine> {
  const thread = startThread("./worker", import.meta.url, options);
  const ready = await new Promise<Ready>((resolve, reject) => {
    thread.once("error", (error) => reject(brokenOff(error)));
    thread.once("exit", (code) => reject(ended(code)));
    thread.once("message", (message: ThreadMessage) => {
      if (message.kind === "ready") resolve(message);
      else if (message.kind === "failed") reject(errorOf(message.error));
    });
  });
  return new WorkerEngine(thread, ready);
}

/** What is waited for, by the number of its request. */
type Waiting = EventQueue<Exclude<Answer, { kind: "error" }>>;

export class WorkerEngine implements Engine {
  readonly tokenizer: Tokenizer;
  readonly modelInfo: ModelInfo;
  private readonly open = new Map<number, Waiting>();
  private lastId = 0;
  private latest: EngineLoad = { active: 0, waiting: 0, promptTokens: 0, completionTokens: 0 };
  /** Why no request is taken any more. */
  private refusal?: ServingError;
  private closing?: Promise<void>;
  private readonly exited: Promise<void>;
  private onIdle: () => void = () => {};

  /** The thread must have said that it is ready. */
  constructor(
    readonly thread: Worker,
    { tokenizer, tokenizerConfig, info }: Ready,
  ) {
    this.tokenizer = tokenizerFromJson(tokenizer, tokenizerConfig);
    this.modelInfo = info;
    thread.on("message", (message: ThreadMessage) => this.receive(message));
    thread.on("error", (error) => this.fail(brokenOff(error)));
    this.exited = new Promise((resolve) => {
      thread.on("exit", (code) => {
        this.fail(ended(code));
        resolve();
      });
    });
  }

  async *generate(request: GenerationRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent> {
    for await (const answer of this.ask((id) => ({ kind: "generate", id, request }), signal)) {
      if (answer.kind !== "embedding") yield answer;
    }
  }

  async embed(ids: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    for await (const answer of this.ask((id) => ({ kind: "embed", id, ids }), signal)) {
      if (answer.kind === "embedding") return answer.values;
    }
    throw ended(0);
  }

  load(): EngineLoad {
    const active = Math.min(this.latest.active, this.open.size);
    return { ...this.latest, active, waiting: this.open.size - active };
  }

  close(graceMs = 10_000): Promise<void> {
    this.closing ??= this.end(graceMs);
    return this.closing;
  }

  /** Sends a command and gives its answers, to the last. */
  private async *ask(command: (id: number) => Command, signal?: AbortSignal) {
    if (this.refusal) throw this.refusal;
    signal?.throwIfAborted();
    const id = ++this.lastId;
    const queue: Waiting = new EventQueue();
    const cancel = () => {
      if (this.finish(id)) this.tell({ kind: "cancel", id });
    };
    const abort = () => {
      cancel();
      queue.fail(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
    this.open.set(id, queue);
    this.tell(command(id));
    try {
      for (;;) {
        const answer = await queue.next();
        yield answer;
        if (isLast(answer)) return;
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      cancel();
    }
  }

  private tell(command: Command): void {
    this.thread.postMessage(command);
  }

  private receive(message: ThreadMessage): void {
    if (message.kind !== "answers") return;
    this.latest = message.load;
    for (const [id, answer] of message.answers) {
      const queue = this.open.get(id);
      if (answer.kind === "error") queue?.fail(errorOf(answer.error));
      else queue?.push(answer);
      if (isLast(answer)) this.finish(id);
    }
  }

  /** Nothing more is expected about a request; false when that was so already. */
  private finish(id: number): boolean {
    const wasOpen = this.open.delete(id);
    if (this.open.size === 0) this.onIdle();
    return wasOpen;
  }

  private fail(error: ServingError): void {
    this.refusal ??= error;
    for (const queue of this.open.values()) queue.fail(this.refusal);
    this.open.clear();
    this.onIdle();
  }

  private async end(graceMs: number): Promise<void> {
    this.refusal ??= closed();
    if (this.open.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.fail(this.refusal);
    // `terminate` within a run of the model would end the whole process: the thread ends after the run.
    this.tell({ kind: "close" });
    await this.exited;
  }
}

const isLast = ({ kind }: Answer) => kind === "end" || kind === "embedding" || kind === "error";

function brokenOff(error: unknown): ServingError {
  const { what, values, advice } = partsOf(error);
  return new ServingError(what, values, advice, { cause: error });
}

function ended(code: number): ServingError {
  return new ServingError(
    "the model's thread has ended",
    `exit code ${code}`,
    "start the server anew; when it ran out of memory, serve a smaller model or fewer texts at once",
  );
}

function closed(): ServingError {
  return new ServingError("the engine is closed", "no request is taken", "start a new one");
}
