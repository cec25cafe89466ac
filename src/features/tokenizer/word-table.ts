import { grown } from "./growing-array.js";

/**
 * Numbers words 0, 1, 2, ... as they are first seen, without making a string for each look-up.
 * A map keyed by `text.slice(...)` costs an allocation a word, and its keys keep the whole text alive.
 */
export class WordTable {
  /** How many different words there are. */
  size = 0;
  /** How many UTF-16 units they have together. */
  numUnits = 0;
  private slots = new Int32Array(1 << 12);
  private hashes = new Int32Array(1 << 11);
  private starts = new Int32Array((1 << 11) + 1);
  private units = new Uint16Array(1 << 14);

  /** The number of the word `text[start, end)`; a new word gets the number `size` had before. */
  add(text: string, start: number, end: number): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = this.slots[slot];
      if (entry === 0) break;
      if (this.hashes[entry - 1] === hash && this.equals(entry - 1, text, start, end)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    this.insert(slot, hash, text, start, end);
    return this.size - 1;
  }

  /** The word with this number. */
  word(index: number): string {
    const units = this.units.subarray(this.starts[index], this.starts[index + 1]);
    let word = "";
    for (let i = 0; i < units.length; i += 4096) {
      word += String.fromCharCode(...units.subarray(i, i + 4096));
    }
    return word;
  }

  /** Forgets every word and keeps the memory. */
  clear(): void {
    this.slots.fill(0);
    this.size = 0;
    this.numUnits = 0;
  }

  private equals(index: number, text: string, start: number, end: number): boolean {
    let at = this.starts[index];
    if (this.starts[index + 1] - at !== end - start) return false;
    for (let i = start; i < end; i++) {
      if (this.units[at++] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  private insert(slot: number, hash: number, text: string, start: number, end: number): void {
    if (this.numUnits + end - start > this.units.length) {
      this.units = grown(this.units, Uint16Array, this.numUnits + end - start);
    }
    for (let i = start; i < end; i++) this.units[this.numUnits++] = text.charCodeAt(i);
    this.hashes[this.size] = hash;
    this.slots[slot] = ++this.size;
    this.starts[this.size] = this.numUnits;
    if (this.size === this.hashes.length) this.rehash();
  }

  private rehash(): void {
    this.hashes = grown(this.hashes, Int32Array, this.size * 2);
    this.starts = grown(this.starts, Int32Array, this.size * 2 + 1);
    this.slots = new Int32Array(this.slots.length * 2);
    const mask = this.slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = this.hashes[index] & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = index + 1;
    }
  }
}
