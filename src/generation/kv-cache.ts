import { type HostTensor, hostTensor } from "../core/runtime/session.js";
import type { Decoder } from "../models/decoder.js";

/** Fewest positions that a cache makes room for. */
const smallestCapacity = 64;

/**
 * Keys and values of the positions read so far, a row a text, each row with its own length. Room doubles as
 * texts grow, so that a token costs a write at its place and not a copy of the past.
 */
export class KvCache {
  private readonly lengths: number[] = [];
  private capacity = 0;
  /** One array a name, [rows, kvHeads, capacity, headWidth]. */
  private arrays = new Map<string, Float32Array>();

  constructor(
    private readonly model: Pick<Decoder, "numLayers" | "kvHeads" | "headWidth" | "contextLength">,
    rows: number,
  ) {
    this.lengths = Array<number>(rows).fill(0);
    this.reserve(1);
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** Positions that every row has room for: the graph's `past`. */
  get room(): number {
    return this.capacity;
  }

  length(row: number): number {
    return this.lengths[row];
  }

  /** Graph inputs for `count` rows from `first` on: views, not copies. */
  feeds(first: number, count: number): Record<string, HostTensor> {
    const { kvHeads, headWidth } = this.model;
    const shape = [count, kvHeads, this.capacity, headWidth];
    const size = this.rowSize;
    const view = (array: Float32Array) => array.subarray(first * size, (first + count) * size);
    return Object.fromEntries(
      [...this.arrays].map(([name, array]) => [name, hostTensor("float32", shape, view(array))]),
    );
  }

  /** Adds `time` positions to `count` rows; `fresh` holds [count, kvHeads, time, headWidth] by cache name. */
  append(first: number, count: number, time: number, fresh: Readonly<Record<string, HostTensor>>): void {
    const { kvHeads, headWidth } = this.model;
    const longest = Math.max(...this.lengths.slice(first, first + count));
    this.reserve(longest + time);
    const block = time * headWidth;
    for (const [name, array] of this.arrays) {
      const data = fresh[name].data as Float32Array;
      for (let i = 0; i < count * kvHeads; i++) {
        const row = first + Math.floor(i / kvHeads);
        const slot = (row * kvHeads + (i % kvHeads)) * this.capacity + this.lengths[row];
        array.set(data.subarray(i * block, (i + 1) * block), slot * headWidth);
      }
    }
    for (let row = first; row < first + count; row++) this.lengths[row] += time;
  }

  /** Forgets what a row has read. */
  clear(row: number): void {
    this.lengths[row] = 0;
  }

  /** Removes a row; the last row takes its place. */
  remove(row: number): void {
    const last = this.rows - 1;
    const size = this.rowSize;
    for (const array of this.arrays.values()) array.copyWithin(row * size, last * size, (last + 1) * size);
    this.lengths[row] = this.lengths[last];
    this.lengths.pop();
  }

  private get rowSize(): number {
    return this.model.kvHeads * this.capacity * this.model.headWidth;
  }

  private reserve(length: number): void {
    if (length <= this.capacity) return;
    const doubled = Math.max(smallestCapacity, 2 ** Math.ceil(Math.log2(length)));
    const capacity = Math.max(length, Math.min(doubled, this.model.contextLength));
    for (const name of cacheNames(this.model.numLayers)) {
      this.arrays.set(name, this.widened(this.arrays.get(name), capacity));
    }
    this.capacity = capacity;
  }

  private widened(old: Float32Array | undefined, capacity: number): Float32Array {
    const { kvHeads, headWidth } = this.model;
    const blocks = this.rows * kvHeads;
    const wide = new Float32Array(blocks * capacity * headWidth);
    const before = this.capacity * headWidth;
    for (let i = 0; old && i < blocks; i++) {
      wide.set(old.subarray(i * before, (i + 1) * before), i * capacity * headWidth);
    }
    return wide;
  }
}

/** Names of a cache's arrays, which are also the names of the graph's inputs. */
export function cacheNames(numLayers: number): string[] {
  return Array.from({ length: numLayers }, (_, layer) => [keysName(layer), valuesName(layer)]).flat();
}

export const keysName = (layer: number) => `past.keys.${layer}`;
export const valuesName = (layer: number) => `past.values.${layer}`;
