/** How messages get from rank to rank. */
export interface Links {
  readonly rank: number;
  readonly size: number;
  /** Resolves when more may be sent; the bytes may be changed then. */
  send(to: number, bytes: Uint8Array): Promise<void>;
  /** The next message of a rank, in the order in which they were sent. Rejects with `RankError` where none will come. */
  receive(from: number): Promise<Uint8Array>;
  /** Takes leave of all. */
  leave(): Promise<void>;
  /** Tells all why this rank ends. */
  abort(reason: string): Promise<void>;
}

/** The ranks beside this one, in their order. */
export const othersOf = ({ rank, size }: Pick<Links, "rank" | "size">): number[] =>
  Array.from({ length: size }, (_, other) => other).filter((other) => other !== rank);
