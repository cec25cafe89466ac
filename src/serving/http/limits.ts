/** How much work the server takes at once: so many answers are written, so many wait, the rest is told to retry. */
import { ApiError, shuttingDown } from "./api-error.js";

/** How much a server takes at once, and of one request. */
export interface Limits {
  /** Most bytes of a request's body. */
  readonly bodyBytes: number;
  /** Most answers that are written at once; each choice of `n` is one. */
  readonly maxConcurrent: number;
  /** Most answers that wait for a place. */
  readonly maxQueue: number;
}

/** The work of one request while it lasts. */
export interface Visit {
  /** Aborted when the client goes away, when one of the request's answers fails, and when the server ends. */
  readonly signal: AbortSignal;
  /** Waits for a place, in the order of arrival, once an answer; gives what frees it. Rejects when aborted. */
  turn(): Promise<() => void>;
  abort(reason: unknown): void;
}

export class Admission {
  private readonly visits = new Set<AbortController>();
  private readonly queue: (() => void)[] = [];
  /** Answers of all requests that were let in. */
  private inside = 0;
  private active = 0;

  constructor(private readonly limits: Limits) {}

  /** Answers that wait for a place. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Does the work of a request that writes `answers` answers, each in its turn. Throws `ApiError` 429 when
   * they do not fit beside those that are inside, 400 when they never would, and the reason of an abort.
   */
  async visit<T>(answers: number, client: AbortSignal, work: (visit: Visit) => Promise<T>): Promise<T> {
    this.check(answers);
    const controller = new AbortController();
    const leave = () => controller.abort(clientGone());
    client.addEventListener("abort", leave);
    if (client.aborted) leave();
    this.visits.add(controller);
    this.inside += answers;
    try {
      const { signal } = controller;
      return await work({ signal, turn: () => this.turn(signal), abort: (why) => controller.abort(why) });
    } finally {
      this.inside -= answers;
      this.visits.delete(controller);
      client.removeEventListener("abort", leave);
    }
  }

  /** As `visit`, of a request with one answer, which is made in its turn. */
  answer<T>(client: AbortSignal, make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.visit(1, client, async ({ signal, turn }) => {
      const leave = await turn();
      try {
        return await make(signal);
      } finally {
        leave();
      }
    });
  }

  /** Breaks off everything that goes on. */
  abort(): void {
    for (const visit of this.visits) visit.abort(shuttingDown());
  }

  private check(answers: number): void {
    const { maxConcurrent, maxQueue } = this.limits;
    const room = maxConcurrent + maxQueue;
    if (answers > room) throw tooMany(answers, room);
    if (this.inside + answers > room) throw isFull(this.inside, room);
  }

  private async turn(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.active < this.limits.maxConcurrent) this.active++;
    else await this.place(signal);
    return () => {
      const next = this.queue.shift();
      // The place goes from hand to hand, so that nobody comes between.
      if (next) next();
      else this.active--;
    };
  }

  /** Waits until one who leaves hands over its place. */
  private place(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.queue.splice(this.queue.indexOf(take), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.queue.push(take);
    });
  }
}

function clientGone(): ApiError {
  // 499 is nginx's status for it; nobody reads the answer.
  return new ApiError(499, "the client has gone", "a closed connection", "nothing is left to do");
}

function isFull(inside: number, room: number): ApiError {
  return new ApiError(
    429,
    "the server is busy",
    `${inside} answers being written or waiting, of at most ${room}`,
    "try again in a second", // the next answer that ends makes room
    { code: "queue_full", headers: { "retry-after": "1" } },
  );
}

function tooMany(answers: number, room: number): ApiError {
  return new ApiError(
    400,
    "the request asks for more answers than the server takes at all",
    `${answers} answers, the server takes ${room} with those that wait`,
    "ask for fewer choices or prompts in one request",
    { param: "n" },
  );
}
