/** Sets of characters as ranges of code points, and their spelling in UTF-8. */

/** From the first to the last number, both included. */
export type Range = readonly [first: number, last: number];

/** Every character that UTF-8 can spell: no surrogates. */
export const EVERY_CHARACTER: readonly Range[] = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** The characters that are one unit in UTF-16 too. */
export const ONE_UNIT: readonly Range[] = [
  [0, 0xd7ff],
  [0xe000, 0xffff],
];

/** The ranges of the characters of a text. */
export function rangesOf(text: string): Range[] {
  return union(
    Array.from(text, (character) => [character.codePointAt(0)!, character.codePointAt(0)!] as const),
  );
}

/** Ranges in order, without overlap. */
export function union(ranges: readonly Range[]): Range[] {
  const joined: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** What lies in both; each given in order, without overlap. */
export function intersection(a: readonly Range[], b: readonly Range[]): Range[] {
  const common: Range[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const first = Math.max(a[i][0], b[j][0]);
    const last = Math.min(a[i][1], b[j][1]);
    if (first <= last) common.push([first, last]);
    if (a[i][1] < b[j][1]) i++;
    else j++;
  }
  return common;
}

/** The characters of `all` that are not in `ranges`; both in order, without overlap. */
export function without(all: readonly Range[], ranges: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let from = 0;
  for (const [first, last] of ranges) {
    if (first > from) gaps.push([from, first - 1]);
    from = last + 1;
  }
  gaps.push([from, 0x10ffff]);
  return intersection(all, gaps);
}

/** The last code point that UTF-8 spells with one, two, three and four bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/**
 * Sequences of byte ranges that together spell exactly the characters of a range without surrogates:
 * é to ӿ is [c3][a9-bf] and [c4-d3][80-bf].
 */
export function utf8Sequences([first, last]: Range): Range[][] {
  const length = LAST_OF_LENGTH.findIndex((limit) => first <= limit);
  const split = splitOf(first, last, length);
  if (split !== undefined) return [...utf8Sequences([first, split]), ...utf8Sequences([split + 1, last])];
  const low = utf8(first);
  const high = utf8(last);
  return [Array.from(low, (byte, i) => [byte, high[i]] as const)];
}

/** Where a range must be cut so that the bytes of its parts vary independently; undefined: nowhere. */
function splitOf(first: number, last: number, length: number): number | undefined {
  if (last > LAST_OF_LENGTH[length]) return LAST_OF_LENGTH[length];
  for (let trailing = 1; trailing <= length; trailing++) {
    const mask = (1 << (6 * trailing)) - 1;
    if ((first | mask) === (last | mask)) return undefined;
    if ((first & mask) !== 0) return first | mask;
    if ((last & mask) !== mask) return (last & ~mask) - 1;
  }
  return undefined;
}

function utf8(codePoint: number): Uint8Array {
  return new TextEncoder().encode(String.fromCodePoint(codePoint));
}
