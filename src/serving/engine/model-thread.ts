import { setImmediate } from "node:timers/promises";
import type { MessagePort } from "node:worker_threads";
import type { Embedder } from "../../generation/embedder.js";
import { checkIds, ofRequest } from "./check-request.js";
import type { GenerationRequest } from "./engine.js";
import { Scheduler, type SchedulerOptions } from "./scheduler.js";
import { type Answer, type Command, partsOf, type ThreadMessage } from "./thread-messages.js";

export interface ModelThreadOptions extends Omit<SchedulerOptions, "report"> {
  readonly port: MessagePort;
  /** Called at the first text to embed, and again after a failure. */
  readonly openEmbedder: () => Promise<Embedder>;
}

/** Answers what comes through the port, many requests at a time. */
export class ModelThread {
  private readonly scheduler: Scheduler;
  private answers: [number, Answer][] = [];
  private isWriting = false;
  /** Until nothing is left to write. */
  private writing = Promise.resolve();
  private isClosing = false;
  /** Texts to embed, one after another beside the steps of the others. */
  private embeddings = Promise.resolve();
  private readonly embedding = new Map<number, AbortController>();

  constructor(private readonly options: ModelThreadOptions) {
    this.scheduler = new Scheduler({
      ...options,
      report: (id, report) => {
        const answer = report.kind === "error" ? failure(report.error) : report;
        this.answers.push([id, answer]);
      },
    });
  }

  receive(command: Command): void {
    if (command.kind === "generate") void this.generate(command.id, command.request);
    else if (command.kind === "embed") this.embed(command.id, command.ids);
    else if (command.kind === "cancel") {
      this.scheduler.cancel(command.id);
      this.embedding.get(command.id)?.abort();
    } else void this.close();
  }

  private async generate(id: number, request: GenerationRequest): Promise<void> {
    await this.scheduler.submit(id, request);
    if (!this.isWriting) this.writing = this.write();
    await this.writing;
  }

  /** Works until nothing is left. Messages come in between two rounds, for a round itself blocks the thread. */
  private async write(): Promise<void> {
    this.isWriting = true;
    while (this.scheduler.hasWork && !this.isClosing) {
      await this.scheduler.round();
      this.send();
      await setImmediate();
    }
    this.isWriting = false;
    if (this.answers.length > 0) this.send();
  }

  /** Ends the thread between two runs of the model: ended within one, it would take the process with it. */
  private async close(): Promise<void> {
    this.isClosing = true;
    for (const control of this.embedding.values()) control.abort();
    await Promise.all([this.writing, this.embeddings]);
    this.options.port.close();
  }

  private embed(id: number, ids: Int32Array): void {
    const control = new AbortController();
    this.embedding.set(id, control);
    this.embeddings = this.embeddings.then(async () => {
      try {
        checkIds(ids, this.options.session.model);
        const embedder = await this.options.openEmbedder();
        const values = await embedder.embed(ids, control.signal);
        this.answers.push([id, { kind: "embedding", values }]);
      } catch (error) {
        this.answers.push([id, failure(ofRequest(error))]);
      }
      this.embedding.delete(id);
      this.send();
    });
  }

  private send(): void {
    if (this.isClosing) return; // nobody waits any more
    const { load } = this.scheduler;
    const message: ThreadMessage = {
      kind: "answers",
      answers: this.answers,
      load: { ...load, active: load.active + (this.embedding.size > 0 ? 1 : 0) },
    };
    this.answers = [];
    this.options.port.postMessage(message);
  }
}

function failure(error: unknown): Answer {
  return { kind: "error", error: partsOf(error) };
}
