/** Events on their way to one reader, however slow. */
export class EventQueue<T> {
  private events: T[] = [];
  private error: unknown;
  private hasFailed = false;
  private wake: () => void = () => {};

  push(event: T): void {
    this.events.push(event);
    this.wake();
  }

  /** What the reader gets instead of all that it has not read. */
  fail(error: unknown): void {
    this.hasFailed = true;
    this.error = error;
    this.wake();
  }

  /** The next event, once it is there. */
  async next(): Promise<T> {
    for (;;) {
      if (this.hasFailed) throw this.error;
      if (this.events.length > 0) return this.events.shift()!;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
