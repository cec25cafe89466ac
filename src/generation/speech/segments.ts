import { confidenceOf, textOf, type Word } from "./transcript.js";

/** What is shown at once: a line or two of subtitles. Times in seconds. */
export interface Segment {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly words: readonly Word[];
  readonly confidence: number;
}

/** A new segment begins after so much silence. */
const PAUSE_MS = 800;
/** Two lines of 42 letters, seven seconds: Netflix's Timed Text Style Guide. */
const MOST_LETTERS = 2 * 42;
const MOST_SECONDS = 7;

/** Words in segments: cut at pauses, and where one is too long at its longest pauses, of equal ones in the middle. */
export function segmentsOf(words: readonly Word[]): Segment[] {
  const segments: Segment[] = [];
  let first = 0;
  for (let next = 1; next <= words.length; next++) {
    const isPause = next === words.length || pauseBefore(words, next) >= PAUSE_MS;
    if (!isPause) continue;
    segments.push(...fitting(words.slice(first, next)));
    first = next;
  }
  return segments;
}

/** Words as one segment if it is short enough, else in parts. */
function fitting(words: readonly Word[]): Segment[] {
  const text = textOf(words);
  const [start, end] = [words[0].start, words.at(-1)!.end];
  const isShort = text.length <= MOST_LETTERS && end - start <= MOST_SECONDS;
  if (isShort || words.length === 1) return [{ text, start, end, words, confidence: confidenceOf(words) }];
  const cut = longestPause(words);
  return [...fitting(words.slice(0, cut)), ...fitting(words.slice(cut))];
}

/** The word after the longest pause. */
function longestPause(words: readonly Word[]): number {
  const pause = (at: number) => pauseBefore(words, at);
  const fromMiddle = (at: number) => Math.abs(at - words.length / 2);
  let best = 1;
  for (let at = 2; at < words.length; at++) {
    const isCloser = pause(at) === pause(best) && fromMiddle(at) < fromMiddle(best);
    if (pause(at) > pause(best) || isCloser) best = at;
  }
  return best;
}

/** In whole milliseconds, as differences of seconds are not exact. */
function pauseBefore(words: readonly Word[], at: number): number {
  return Math.round(1000 * (words[at].start - words[at - 1].end));
}
