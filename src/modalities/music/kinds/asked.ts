/** What is asked of music that is there. */
import type { Score } from "../../../data/music/score.js";
import { GenerationError } from "../../../generation/errors.js";

/** The first and last of bars as they are named, such as 9-12. Throws `GenerationError` for bars that a piece does not have. */
export function barsAsked(asked: string, name: string, bars: number): readonly [first: number, last: number] {
  const [first, last = first] = asked.split("-").map(Number);
  if (first >= 1 && first <= last && last <= bars) return [first, last];
  throw new GenerationError(
    "the bars to write are not in the piece",
    `--infill ${asked}; ${name} has bars 1 to ${bars}`,
    "give bars that it has, the first being 1",
  );
}

/** As fast as asked, or as another piece is. */
export function timed(score: Score, tempo: number | undefined, given: Score | undefined): Score {
  const beatsPerMinute = tempo ?? given?.tempos[0].beatsPerMinute;
  return beatsPerMinute === undefined ? score : { ...score, tempos: [{ tick: 0, beatsPerMinute }] };
}
