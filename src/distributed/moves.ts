/**
 * What ranks send each other to have a sum or parts on all of them, whatever carries it. Sums go by recursive halving and
 * doubling (Rabenseifner 2004), nearest partners first: whatever is summed is (0 + 1) + (2 + 3), as a tree of halves within
 * one rank has it, so the bits do not depend on how many ranks there are.
 */

/** Who a rank is. */
export interface Place {
  readonly rank: number;
  readonly size: number;
}

/** A part of an array: from this element to before that one. */
export type Span = readonly [number, number];

/** One of the things that a rank does in turn with an array: it sends a part while it takes another. */
export interface Move {
  readonly send?: { readonly to: number; readonly part: Span };
  readonly take?: {
    readonly from: number;
    readonly part: Span;
    /** Added to what is there; else it replaces that. */
    readonly adds: boolean;
  };
}

/** Elements of a message: one is on its way while another, in the cache still, is added. */
export const pieceSize = 2 ** 18;

/** The ranks beside this one, in their order. */
export const othersOf = ({ rank, size }: Place): number[] =>
  Array.from({ length: size }, (_, other) => other).filter((other) => other !== rank);

/** Whether so many ranks add as a tree of halves. */
export const isTree = (size: number): boolean => (size & (size - 1)) === 0;

/** See `Collective.allReduce`, of `length` elements. */
export function allReduceMoves({ rank, size }: Place, length: number): Move[] {
  if (!isTree(size)) return inOrder({ rank, size }, length);
  const down: Move[] = [];
  const up: Move[] = [];
  let [from, to] = [0, length];
  for (let distance = 1; distance < size; distance *= 2) {
    const middle = from + Math.ceil((to - from) / 2);
    const halves: Span[] = [
      [from, middle],
      [middle, to],
    ];
    const isLower = (rank & distance) === 0;
    const [mine, theirs] = isLower ? halves : halves.toReversed();
    const partner = rank ^ distance;
    down.push({ send: { to: partner, part: theirs }, take: { from: partner, part: mine, adds: true } });
    up.push({ send: { to: partner, part: mine }, take: { from: partner, part: theirs, adds: false } });
    [from, to] = mine;
  }
  return [...down, ...up.reverse()];
}

/** Rank 0 adds what the others have, one after another, and gives them the sum. */
function inOrder(place: Place, length: number): Move[] {
  const part: Span = [0, length];
  if (place.rank > 0) return [{ send: { to: 0, part } }, { take: { from: 0, part, adds: false } }];
  const others = othersOf(place);
  return [
    ...others.map((from) => ({ take: { from, part, adds: true } })),
    ...others.map((to) => ({ send: { to, part } })),
  ];
}

/** See `Collective.allGatherParts`: in turn each gives its part to the one that is so many places on. */
export function allGatherMoves({ rank, size }: Place, bounds: readonly number[]): Move[] {
  return Array.from({ length: size - 1 }, (_, i) => {
    const [to, from] = [(rank + i + 1) % size, (rank - i - 1 + size) % size];
    return {
      send: { to, part: partOf(bounds, rank) },
      take: { from, part: partOf(bounds, from), adds: false },
    };
  });
}

/** See `Collective.gatherParts`. */
export function gatherMoves(place: Place, bounds: readonly number[]): Move[] {
  if (place.rank > 0) return [{ send: { to: 0, part: partOf(bounds, place.rank) } }];
  return othersOf(place).map((from) => ({ take: { from, part: partOf(bounds, from), adds: false } }));
}

const partOf = (bounds: readonly number[], rank: number): Span => [bounds[rank], bounds[rank + 1]];
