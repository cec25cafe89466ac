import { pauses } from "../../core/watching.js";

/** Hashes that differ in less than this share of their bits that are set are of the same picture. */
const DIFFERENT = 1 / 8;

/**
 * For each hash the index of the first of its group: pictures that look the same, also through others. Of sets of
 * photographs measured, those that were edited differ in a tenth of the bits and others in a fifth at least.
 */
export async function nearDuplicates(
  hashes: readonly Uint32Array[],
  signal?: AbortSignal,
): Promise<number[]> {
  const pause = pauses(signal);
  const first = hashes.map((_, i) => i);
  const rootOf = (i: number) => {
    let root = i;
    while (first[root] !== root) root = first[root];
    return root;
  };
  const set = hashes.map((hash) => hash.reduce((sum, word) => sum + bitsIn(word), 0));
  for (let i = 1; i < hashes.length; i++) {
    await pause();
    for (let j = 0; j < i; j++) {
      if (!areAlike(hashes[i], hashes[j], (set[i] + set[j]) * DIFFERENT)) continue;
      const [a, b] = [rootOf(i), rootOf(j)];
      first[Math.max(a, b)] = Math.min(a, b);
    }
  }
  return first.map((_, i) => rootOf(i));
}

function areAlike(a: Uint32Array, b: Uint32Array, most: number): boolean {
  let different = 0;
  for (let word = 0; word < a.length; word++) {
    different += bitsIn(a[word] ^ b[word]);
    if (different > most) return false;
  }
  return true;
}

/** How many bits of a word are set. [Warren, Hacker's Delight, 5-1] */
function bitsIn(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}
