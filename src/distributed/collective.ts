/** What the processes of one training say to each other. */

/** One of `size` processes that train together. All of them make the same calls in the same order. */
export interface Collective {
  /** From 0 to `size` - 1. */
  readonly rank: number;
  readonly size: number;
  /**
   * Makes of `array` [n], as long on every rank, the sum over all: the same bits on each. Where `size` is a power of two
   * it is summed as a tree of halves, (0 + 1) + (2 + 3); else in the order of the ranks.
   */
  allReduce(array: Float32Array): Promise<void>;
  /**
   * Gives every rank all of `array` [n], of which rank r has the part from `bounds[r]` to `bounds[r + 1]`; what others have
   * there is overwritten.
   */
  allGatherParts(array: Float32Array, bounds: readonly number[]): Promise<void>;
  /** Gives rank 0 all of `array`, as `allGatherParts` gives it every rank. */
  gatherParts(array: Float32Array, bounds: readonly number[]): Promise<void>;
  /** What each rank gave, by rank. Plain values, as JSON has them. */
  allGather<T>(value: T): Promise<T[]>;
  /** What rank 0 gave; the others wait for as long as it takes. */
  broadcast<T>(value?: T): Promise<T>;
  /** Takes leave. A rank that goes otherwise ends the others: their calls reject with `RankError`. */
  close(): Promise<void>;
  /** Ends the others, whose calls reject with this reason. */
  abort(reason: string): Promise<void>;
}

/** A process that trains by itself. */
export const alone: Collective = {
  rank: 0,
  size: 1,
  async allReduce() {},
  async allGatherParts() {},
  async gatherParts() {},
  async allGather(value) {
    return [value];
  },
  async broadcast(value) {
    return value!;
  },
  async close() {},
  async abort() {},
};
