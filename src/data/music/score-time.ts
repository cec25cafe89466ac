import type { Score } from "./score.js";

const SECONDS_PER_MINUTE = 60;

/** Seconds from the beginning of a score to a tick, by its tempos. */
export function secondsAt({ ticksPerBeat, tempos }: Pick<Score, "ticksPerBeat" | "tempos">) {
  const perTick = tempos.map(({ beatsPerMinute }) => SECONDS_PER_MINUTE / (beatsPerMinute * ticksPerBeat));
  const starts = [0];
  for (let i = 1; i < tempos.length; i++) {
    starts.push(starts[i - 1] + (tempos[i].tick - tempos[i - 1].tick) * perTick[i - 1]);
  }
  return (tick: number): number => {
    const i = lastAtMost(tempos.length, (index) => tempos[index].tick <= tick);
    return starts[i] + (tick - tempos[i].tick) * perTick[i];
  };
}

/** The last of `count` indices for which `isAtMost` holds, where it holds for the first ones alone; 0 where for none. */
export function lastAtMost(count: number, isAtMost: (index: number) => boolean): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isAtMost(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The tick at which the last note of a score ends. */
export function endOf({ notes }: Pick<Score, "notes">): number {
  return notes.reduce((end, note) => Math.max(end, note.end), 0);
}
