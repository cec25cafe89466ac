import { grown } from "./growing-array.js";

/** Numbers pairs of token ids 0, 1, 2, ... as they are first added. */
export class PairTable {
  size = 0;
  private slots = new Int32Array(1 << 12);
  private firsts = new Int32Array(1 << 11);
  private seconds = new Int32Array(1 << 11);

  /** The number of a pair, or -1. */
  find(first: number, second: number): number {
    const mask = this.slots.length - 1;
    let slot = hashPair(first, second) & mask;
    for (;;) {
      const index = this.slots[slot] - 1;
      if (index < 0) return -1;
      if (this.firsts[index] === first && this.seconds[index] === second) return index;
      slot = (slot + 1) & mask;
    }
  }

  /** The number of a pair; a new pair gets the number `size` had before. */
  add(first: number, second: number): number {
    const known = this.find(first, second);
    if (known >= 0) return known;
    if (this.size === this.firsts.length) this.rehash();
    this.firsts[this.size] = first;
    this.seconds[this.size] = second;
    this.place(this.size++);
    return this.size - 1;
  }

  first(index: number): number {
    return this.firsts[index];
  }

  second(index: number): number {
    return this.seconds[index];
  }

  private place(index: number): void {
    const mask = this.slots.length - 1;
    let slot = hashPair(this.firsts[index], this.seconds[index]) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = index + 1;
  }

  private rehash(): void {
    this.firsts = grown(this.firsts, Int32Array, this.size * 2);
    this.seconds = grown(this.seconds, Int32Array, this.size * 2);
    this.slots = new Int32Array(this.slots.length * 2);
    for (let index = 0; index < this.size; index++) this.place(index);
  }
}

function hashPair(first: number, second: number): number {
  const hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}
