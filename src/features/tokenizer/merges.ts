import { PairTable } from "./pair-table.js";

/** Words up to this many symbols are merged by looking at every pair again; longer ones with a heap. */
const SHORT = 48;

/** Room for a position beside a rank in one exact double: rank * 2^32 + position. */
const RANK_UNIT = 2 ** 32;

/**
 * The merges of a byte-pair vocabulary in the order they were learned. Applying them takes the pair of
 * lowest rank, leftmost first, until no pair is left. [Sennrich et al. 2016, arXiv:1508.07909]
 */
export class Merges {
  /** Queue entries and pair inspections of all long words so far, for tests of the running time. */
  longWordSteps = 0;
  private readonly pairs = new PairTable();
  private readonly results: number[] = [];
  private readonly ranks = new Int32Array(SHORT);

  get size(): number {
    return this.results.length;
  }

  /** Adds the merge of two ids into `result` at the next rank; false when the pair is already there. */
  add(first: number, second: number, result: number): boolean {
    if (this.pairs.add(first, second) < this.results.length) return false;
    this.results.push(result);
    return true;
  }

  /** The two ids and their merged id. */
  at(rank: number): { first: number; second: number; result: number } {
    return { first: this.pairs.first(rank), second: this.pairs.second(rank), result: this.results[rank] };
  }

  /**
   * Merges the first `length` ids in place; returns how many are left. `isDropped` is asked before each merge: where it
   * says so, the pair is passed over until another one was merged.
   */
  apply(ids: Int32Array, length: number, isDropped?: () => boolean): number {
    return length <= SHORT ? this.applyShort(ids, length, isDropped) : this.applyLong(ids, length, isDropped);
  }

  private applyShort(ids: Int32Array, length: number, isDropped?: () => boolean): number {
    const { ranks, pairs } = this;
    for (let i = 0; i + 1 < length; i++) ranks[i] = pairs.find(ids[i], ids[i + 1]);
    let left = length;
    for (;;) {
      let best = this.bestPair(left - 1);
      while (best >= 0 && isDropped?.()) best = this.bestPair(left - 1, best);
      if (best < 0) return left;
      ids[best] = this.results[ranks[best]];
      left--;
      ids.copyWithin(best + 1, best + 2, left + 1);
      ranks.copyWithin(best + 1, best + 2, left);
      if (best > 0) ranks[best - 1] = pairs.find(ids[best - 1], ids[best]);
      if (best + 1 < left) ranks[best] = pairs.find(ids[best], ids[best + 1]);
    }
  }

  /** Which of the first `count` pairs comes next to be merged, behind the one at `after` where it is given; or -1. */
  private bestPair(count: number, after = -1): number {
    const { ranks } = this;
    let best = -1;
    for (let i = 0; i < count; i++) {
      if (ranks[i] < 0 || (best >= 0 && ranks[i] >= ranks[best])) continue;
      const isPassed = after >= 0 && (ranks[i] < ranks[after] || (ranks[i] === ranks[after] && i <= after));
      if (!isPassed) best = i;
    }
    return best;
  }

  /** Near-linear: a linked list of the ids and a heap of their mergeable pairs. */
  private applyLong(ids: Int32Array, length: number, isDropped?: () => boolean): number {
    const next = new Int32Array(length).map((_, i) => i + 1);
    const previous = new Int32Array(length).map((_, i) => i - 1);
    const heap = new NumberHeap(length);
    const passed: number[] = [];
    const offer = (at: number) => {
      this.longWordSteps++;
      if (at < 0 || next[at] >= length) return;
      const rank = this.pairs.find(ids[at], ids[next[at]]);
      if (rank >= 0) heap.push(rank * RANK_UNIT + at);
    };
    for (let at = 0; at < length; at++) offer(at);
    while (heap.size > 0) {
      this.longWordSteps++;
      const key = heap.pop();
      const rank = Math.floor(key / RANK_UNIT);
      const at = key - rank * RANK_UNIT;
      const eaten = next[at];
      // An entry is stale when one of its two ids was merged away in the meantime.
      if (ids[at] < 0 || eaten >= length || this.pairs.find(ids[at], ids[eaten]) !== rank) continue;
      if (isDropped?.()) {
        passed.push(key);
        continue;
      }
      for (const pair of passed.splice(0)) heap.push(pair);
      ids[at] = this.results[rank];
      ids[eaten] = -1;
      next[at] = next[eaten];
      if (next[at] < length) previous[next[at]] = at;
      offer(previous[at]);
      offer(at);
    }
    return compact(ids, length);
  }
}

/** Moves the ids that are left (not negative) to the front; returns how many. */
function compact(ids: Int32Array, length: number): number {
  let left = 0;
  for (let i = 0; i < length; i++) {
    if (ids[i] >= 0) ids[left++] = ids[i];
  }
  return left;
}

/** A binary heap of numbers, the smallest on top. */
class NumberHeap {
  size = 0;
  private items: Float64Array;

  constructor(capacity: number) {
    this.items = new Float64Array(capacity + 1);
  }

  push(item: number): void {
    if (this.size === this.items.length) {
      const larger = new Float64Array(this.size * 2);
      larger.set(this.items);
      this.items = larger;
    }
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.items[parent] <= item) break;
      this.items[at] = this.items[parent];
      at = parent;
    }
    this.items[at] = item;
  }

  pop(): number {
    const { items } = this;
    const top = items[0];
    const last = items[--this.size];
    let at = 0;
    for (let child = 1; child < this.size; child = 2 * at + 1) {
      if (child + 1 < this.size && items[child + 1] < items[child]) child++;
      if (last <= items[child]) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
}
