import { type HostTensor, hostTensor } from "../core/runtime/session.js";
import type { Decoder } from "../models/decoder.js";

/** Fewest positions that a cache makes room for. */
const smallestRoom = 64;
/** Room and memory shrink when this many times less would do; so each move is paid for by many tokens. */
const slack = 4;

type Sizes = Pick<Decoder, "numLayers" | "kvHeads" | "headWidth" | "contextLength">;

/**
 * Keys and values of the positions read so far, a row a text, each row with its own length and adapter. Room
 * doubles as texts grow, so that a token costs a write at its place and not a copy of the past. Rows come and
 * go in the same memory; it grows by doubling and is given back when few rows are left.
 */
export class KvCache {
  private readonly lengths: number[] = [];
  private readonly adapters: number[] = [];
  private positions = smallestRoom;
  /** One array a name; at its start [rows, kvHeads, room, headWidth]. */
  private readonly arrays: Map<string, Float32Array>;

  constructor(
    private readonly model: Sizes,
    rows: number,
  ) {
    this.positions = this.roomFor(1);
    this.arrays = new Map(cacheNames(model.numLayers).map((name) => [name, new Float32Array()]));
    for (let row = 0; row < rows; row++) this.add();
  }

  get rows(): number {
    return this.lengths.length;
  }

  /** Positions that every row has room for: the graph's `past`. */
  get room(): number {
    return this.positions;
  }

  /** Memory that is held, in bytes. */
  get byteLength(): number {
    return [...this.arrays.values()].reduce((sum, array) => sum + array.byteLength, 0);
  }

  length(row: number): number {
    return this.lengths[row];
  }

  /** Which of the session's adapters the row is read with; 0 is the base model. */
  adapter(row: number): number {
    return this.adapters[row];
  }

  /** Graph inputs for `count` rows from `first` on: views, not copies. */
  feeds(first: number, count: number): Record<string, HostTensor> {
    const { kvHeads, headWidth } = this.model;
    const shape = [count, kvHeads, this.positions, headWidth];
    const size = this.rowSize;
    const view = (array: Float32Array) => array.subarray(first * size, (first + count) * size);
    return Object.fromEntries(
      [...this.arrays].map(([name, array]) => [name, hostTensor("float32", shape, view(array))]),
    );
  }

  /** `feeds` with room for `time` positions more: call `filled` once they are written. */
  feedsWithRoom(first: number, count: number, time: number): Record<string, HostTensor> {
    this.reserve(first, count, time);
    return this.feeds(first, count);
  }

  /** `time` positions more of `count` rows have been written where they lie. */
  filled(first: number, count: number, time: number): void {
    for (let row = first; row < first + count; row++) this.lengths[row] += time;
  }

  /** Adds `time` positions to `count` rows; `fresh` holds [count, kvHeads, time, headWidth] by cache name. */
  append(first: number, count: number, time: number, fresh: Readonly<Record<string, HostTensor>>): void {
    const { kvHeads, headWidth } = this.model;
    this.reserve(first, count, time);
    const block = time * headWidth;
    for (const [name, array] of this.arrays) {
      const data = fresh[name].data as Float32Array;
      for (let i = 0; i < count * kvHeads; i++) {
        const row = first + Math.floor(i / kvHeads);
        const slot = (row * kvHeads + (i % kvHeads)) * this.positions + this.lengths[row];
        array.set(data.subarray(i * block, (i + 1) * block), slot * headWidth);
      }
    }
    this.filled(first, count, time);
  }

  /** Adds an empty row and returns its index. */
  add(adapter = 0): number {
    if (this.rows === 0) this.positions = this.roomFor(1);
    this.arrange(this.rows + 1, this.positions);
    this.adapters.push(adapter);
    return this.lengths.push(0) - 1;
  }

  /** Adds a row that has read what a row of another cache of this model has, and returns its index. */
  addCopy(other: KvCache, from: number): number {
    const { kvHeads, headWidth } = this.model;
    const row = this.add(other.adapter(from));
    const length = other.length(from);
    this.reserve(row, 1, length);
    for (const [name, array] of this.arrays) {
      const source = other.arrays.get(name)!;
      for (let head = 0; head < kvHeads; head++) {
        const start = (from * kvHeads + head) * other.positions * headWidth;
        const slot = (row * kvHeads + head) * this.positions;
        array.set(source.subarray(start, start + length * headWidth), slot * headWidth);
      }
    }
    this.lengths[row] = length;
    return row;
  }

  /** What a row has read from position `start` to `end`, as tensors [1, kvHeads, end - start, headWidth] of their own. */
  copy(row: number, start: number, end: number): Record<string, HostTensor> {
    const { kvHeads, headWidth } = this.model;
    const size = (end - start) * headWidth;
    const copies = [...this.arrays].map(([name, array]) => {
      const data = new Float32Array(kvHeads * size);
      for (let head = 0; head < kvHeads; head++) {
        const from = ((row * kvHeads + head) * this.positions + start) * headWidth;
        data.set(array.subarray(from, from + size), head * size);
      }
      return [name, hostTensor("float32", [1, kvHeads, end - start, headWidth], data)];
    });
    return Object.fromEntries(copies);
  }

  /** Forgets what a row has read from position `length` on. */
  shorten(row: number, length: number): void {
    this.lengths[row] = Math.min(length, this.lengths[row]);
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
    this.adapters[row] = this.adapters[last];
    this.lengths.pop();
    this.adapters.pop();
    if (last > 0) this.shrink();
  }

  private get rowSize(): number {
    return this.model.kvHeads * this.positions * this.model.headWidth;
  }

  private roomFor(length: number): number {
    const doubled = Math.max(smallestRoom, 2 ** Math.ceil(Math.log2(length)));
    return Math.max(length, Math.min(doubled, this.model.contextLength));
  }

  /** Makes room for `time` positions more of `count` rows. */
  private reserve(first: number, count: number, time: number): void {
    const length = Math.max(...this.lengths.slice(first, first + count)) + time;
    if (length > this.positions) this.arrange(this.rows, this.roomFor(length));
  }

  /** Rows pay for the room of the longest: when that one has left, the others need not go on doing so. */
  private shrink(): void {
    const room = this.roomFor(Math.max(1, ...this.lengths));
    this.arrange(this.rows, room * slack <= this.positions ? room : this.positions, slack);
  }

  /** Gives every row `positions`: in the same memory, unless that is too small or `mostWaste` times too large. */
  private arrange(rows: number, positions: number, mostWaste = Number.POSITIVE_INFINITY): void {
    const { kvHeads, headWidth } = this.model;
    const rowSize = kvHeads * positions * headWidth;
    const isMoved = positions !== this.positions;
    for (const [name, old] of this.arrays) {
      const fits = rows * rowSize <= old.length && old.length <= rows * rowSize * mostWaste;
      if (fits && !isMoved) continue;
      const array = fits ? old : new Float32Array(2 ** Math.ceil(Math.log2(rows)) * rowSize);
      this.move(old, array, positions);
      this.arrays.set(name, array);
    }
    this.positions = positions;
  }

  /** Copies what is filled to where it lies with other room, in an order in which nothing is lost in one array. */
  private move(from: Float32Array, to: Float32Array, positions: number): void {
    const { kvHeads, headWidth } = this.model;
    const blocks = this.rows * kvHeads;
    for (let i = 0; i < blocks; i++) {
      const block = positions > this.positions ? blocks - 1 - i : i;
      const start = block * this.positions * headWidth;
      const length = this.lengths[Math.floor(block / kvHeads)] * headWidth;
      to.set(from.subarray(start, start + length), block * positions * headWidth);
    }
  }
}

/** Names of a cache's arrays, which are also the names of the graph's inputs. */
export function cacheNames(numLayers: number): string[] {
  return Array.from({ length: numLayers }, (_, layer) => [keysName(layer), valuesName(layer)]).flat();
}

export const keysName = (layer: number) => `past.keys.${layer}`;
export const valuesName = (layer: number) => `past.values.${layer}`;
