import { randomStream } from "../core/random.js";

/**
 * The keys to hold out, by the size of each: in the order of the seed, which depends on the keys alone, as many as fit
 * into `room`; the smallest where none does.
 */
export function heldOutKeys(
  sizes: ReadonlyMap<string, number>,
  room: number,
  seed: number,
): ReadonlySet<string> {
  const drawn = [...sizes].map(([key, size]) => ({
    key,
    size,
    order: randomStream(seed, `split ${key}`).uniform(),
  }));
  drawn.sort((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1));
  const held = new Set<string>();
  let left = room;
  for (const { key, size } of drawn) {
    if (size > left) continue;
    held.add(key);
    left -= size;
  }
  if (held.size > 0) return held;
  return new Set([drawn.reduce((least, one) => (one.size < least.size ? one : least)).key]);
}
