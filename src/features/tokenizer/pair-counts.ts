import { grown } from "./growing-array.js";
import { PairTable } from "./pair-table.js";

/** A pair of neighbouring ids and how often it occurs. */
export interface CountedPair {
  pair: number;
  first: number;
  second: number;
  count: number;
}

/**
 * How often each pair of neighbouring ids occurs in weighted words, kept up to date while pairs are
 * merged. A merge visits only the places where its pair stands, so the work is near-linear also in a
 * text that is one long word.
 */
export class PairCounts {
  private readonly pairs = new PairTable();
  private readonly counts: number[] = [];
  /** Where each pair stands or once stood: positions of its first id, mostly ascending. */
  private readonly places: number[][] = [];
  private queue: PairQueue | undefined;
  /** Pairs whose count the current merge has raised. */
  private readonly raised = new Set<number>();

  /** All words one after another; each position holds an id, or -1 once it was merged away. */
  private numIds = 0;
  private ids = new Int32Array(1 << 12);
  private next = new Int32Array(1 << 12);
  private previous = new Int32Array(1 << 12);
  /** Occurrences of the word that a position belongs to. */
  private weights = new Float64Array(1 << 12);

  /** Adds a word that occurs `weight` times. All words come before the first merge. */
  addWord(ids: Int32Array, weight: number): void {
    const start = this.numIds;
    const end = start + ids.length;
    this.reserve(end);
    for (let at = start; at < end; at++) {
      this.ids[at] = ids[at - start];
      this.weights[at] = weight;
      this.previous[at] = at > start ? at - 1 : -1;
      this.next[at] = at + 1 < end ? at + 1 : -1;
    }
    for (let at = start; at + 1 < end; at++) this.raise(at, weight);
    this.numIds = end;
  }

  /** The pair with the highest count, the lowest ids among equals; undefined below `minCount`. */
  mostFrequent(minCount: number): CountedPair | undefined {
    this.queue ??= this.fillQueue();
    for (let top = this.queue.pop(); top !== undefined; top = this.queue.pop()) {
      const count = this.counts[top.pair];
      if (count < minCount || count <= 0) continue;
      if (count === top.count) {
        return {
          pair: top.pair,
          first: this.pairs.first(top.pair),
          second: this.pairs.second(top.pair),
          count,
        };
      }
      this.queue.push(top.pair, count);
    }
    return undefined;
  }

  /** Replaces the pair by `id` wherever it stands. */
  merge(pair: number, id: number): void {
    const [first, second] = [this.pairs.first(pair), this.pairs.second(pair)];
    const places = this.places[pair];
    this.places[pair] = [];
    // Left to right, so that of overlapping places (a a a) the left one is merged.
    if (!isAscending(places)) places.sort((a, b) => a - b);
    for (const at of places) {
      const eaten = this.next[at];
      if (this.ids[at] === first && eaten >= 0 && this.ids[eaten] === second) this.join(at, eaten, id);
    }
    this.counts[pair] = 0;
    for (const changed of this.raised) this.queue?.push(changed, this.counts[changed]);
    this.raised.clear();
  }

  private join(at: number, eaten: number, id: number): void {
    const weight = this.weights[at];
    const before = this.previous[at];
    const after = this.next[eaten];
    if (before >= 0) this.lower(before, weight);
    if (after >= 0) this.lower(eaten, weight);
    this.ids[at] = id;
    this.ids[eaten] = -1;
    this.next[at] = after;
    if (after >= 0) this.previous[after] = at;
    if (before >= 0) this.raise(before, weight);
    if (after >= 0) this.raise(at, weight);
  }

  /** Counts the pair that starts at a position. */
  private raise(at: number, weight: number): void {
    const pair = this.pairs.add(this.ids[at], this.ids[this.next[at]]);
    if (pair === this.counts.length) {
      this.counts.push(0);
      this.places.push([]);
    }
    this.counts[pair] += weight;
    this.places[pair].push(at);
    if (this.queue) this.raised.add(pair);
  }

  private lower(at: number, weight: number): void {
    const pair = this.pairs.find(this.ids[at], this.ids[this.next[at]]);
    this.counts[pair] -= weight;
  }

  private fillQueue(): PairQueue {
    const queue = new PairQueue(this.pairs);
    for (let pair = 0; pair < this.counts.length; pair++) queue.push(pair, this.counts[pair]);
    return queue;
  }

  private reserve(length: number): void {
    if (length <= this.ids.length) return;
    this.ids = grown(this.ids, Int32Array, length);
    this.next = grown(this.next, Int32Array, length);
    this.previous = grown(this.previous, Int32Array, length);
    this.weights = grown(this.weights, Float64Array, length);
  }
}

function isAscending(numbers: number[]): boolean {
  for (let i = 1; i < numbers.length; i++) if (numbers[i] < numbers[i - 1]) return false;
  return true;
}

/** A heap of pairs, the highest count on top. A count may be out of date: the reader compares it. */
class PairQueue {
  private items: { pair: number; count: number }[] = [];

  constructor(private readonly pairs: PairTable) {}

  push(pair: number, count: number): void {
    const item = { pair, count };
    let at = this.items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(item, this.items[parent])) break;
      this.items[at] = this.items[parent];
      at = parent;
    }
    this.items[at] = item;
  }

  pop(): { pair: number; count: number } | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && this.isBefore(items[child + 1], items[child])) child++;
      if (!this.isBefore(items[child], last)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }

  private isBefore(a: { pair: number; count: number }, b: { pair: number; count: number }): boolean {
    if (a.count !== b.count) return a.count > b.count;
    const first = this.pairs.first(a.pair) - this.pairs.first(b.pair);
    return first !== 0 ? first < 0 : this.pairs.second(a.pair) < this.pairs.second(b.pair);
  }
}
