import type { Words } from "../../core/random.js";

/**
 * A set of 64-bit hashes in flat arrays: 8 bytes an entry at most half full, where a `Set` of strings takes
 * about 100 and ends at 2^24 entries.
 */
export class SeenHashes {
  private slots = new Uint32Array(2 * 1024);
  private count = 0;

  /** Adds the hash; false when it was there already. */
  add(hash: Words): boolean {
    const slot = find(this.slots, hash);
    if (this.slots[slot + 1] !== 0) return false;
    store(this.slots, slot, hash);
    this.count++;
    if (this.count * 4 > this.slots.length) this.grow();
    return true;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      const hash: Words = [old[i], old[i + 1]];
      store(this.slots, find(this.slots, hash), hash);
    }
  }
}

// A second word of 0 marks a free slot, so a hash that has one is kept with 1 instead.
function secondWord(hash: Words): number {
  return hash[1] || 1;
}

function store(slots: Uint32Array, slot: number, hash: Words): void {
  slots[slot] = hash[0];
  slots[slot + 1] = secondWord(hash);
}

function find(slots: Uint32Array, hash: Words): number {
  const mask = slots.length / 2 - 1;
  for (let index = hash[0] & mask; ; index = (index + 1) & mask) {
    const slot = 2 * index;
    const isFree = slots[slot + 1] === 0;
    if (isFree || (slots[slot] === hash[0] && slots[slot + 1] === secondWord(hash))) return slot;
  }
}
