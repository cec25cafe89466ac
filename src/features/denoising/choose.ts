import type { RandomStream } from "../../core/random.js";

/** `count` of `places` places, each choice equally likely: 1 for a chosen one. [Knuth 1997, algorithm 3.4.2 S] */
export function choosePlaces(count: number, places: number, random: RandomStream): Uint8Array {
  const chosen = new Uint8Array(places);
  let wanted = count;
  for (let place = 0; place < places && wanted > 0; place++) {
    if (random.integer(places - place) >= wanted) continue;
    chosen[place] = 1;
    wanted--;
  }
  return chosen;
}

/** A whole number next to `x`, at random so that its mean is `x`: short sentences are spoiled as much as long ones. */
export function roundByChance(x: number, random: RandomStream): number {
  return Math.floor(x + random.uniform());
}
