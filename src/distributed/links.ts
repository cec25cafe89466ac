import type { Place } from "./moves.js";

/** How messages get from rank to rank. */
export interface Links extends Place {
  /** Resolves when more may be sent; the bytes may be changed then. */
  send(to: number, bytes: Uint8Array): Promise<void>;
  /** The next message of a rank, in the order in which they were sent. Rejects with `RankError` where none will come. */
  receive(from: number): Promise<Uint8Array>;
  /** Rejects with `RankError` once the ranks cannot go on together. */
  readonly failing: Promise<never>;
  /** Takes leave of all. */
  leave(): Promise<void>;
  /** Tells all why this rank ends. */
  abort(reason: string): Promise<void>;
}
