import type { Constraint } from "./constraint.js";

/** Repetitions in a row that make a loop. */
const REPEATED = 4;
/** No tokens of this number come twice in a translation written anew. */
const NGRAM = 3;

/** Whether some tokens come four times in a row, as "salad salad salad salad". */
export function hasLoop(ids: ArrayLike<number>): boolean {
  for (let period = 1; period * REPEATED <= ids.length; period++) {
    let equal = 0;
    for (let i = period; i < ids.length; i++) {
      equal = ids[i] === ids[i - period] ? equal + 1 : 0;
      if (equal === period * (REPEATED - 1)) return true;
    }
  }
  return false;
}

/**
 * Forbids what would end three tokens that came before, as Transformers' `no_repeat_ngram_size`, but for tokens that
 * `inner` wants.
 */
export function withoutRepetition(inner: Constraint, ids: readonly number[] = []): Constraint {
  return {
    mask(next, left) {
      const wanted = new Set(inner.wanted);
      for (const id of repeating(ids)) if (!wanted.has(id)) next[id] = Number.NEGATIVE_INFINITY;
      inner.mask(next, left);
    },
    after: (id) => withoutRepetition(inner.after(id), [...ids, id]),
    progress: inner.progress,
    wanted: inner.wanted,
    needed: inner.needed,
  };
}

/** The tokens that followed the newest ones when these came before. */
function repeating(ids: readonly number[]): number[] {
  const newest = ids.slice(1 - NGRAM);
  if (newest.length < NGRAM - 1) return [];
  const places = Array.from({ length: ids.length - newest.length }, (_, start) => start);
  const isNewest = (start: number) => newest.every((id, i) => ids[start + i] === id);
  return places.filter(isNewest).map((start) => ids[start + newest.length]);
}
