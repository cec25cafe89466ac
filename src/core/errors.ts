/**
 * An error in three parts: what is wrong, the values that show it, and what to do about it.
 * Every error that Autodidact throws on purpose is one of these or a subclass.
 */
export class AutodidactError extends Error {
  constructor(
    readonly what: string,
    readonly values: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(`${what}\n  found: ${values}\n  to do: ${advice}`, options);
    this.name = new.target.name;
  }
}
