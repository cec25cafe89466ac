import type { Beat } from "../../data/music/beats.js";
import { MusicError } from "../../data/music/errors.js";
import type { Score, Tempo, TimeSignature } from "../../data/music/score.js";
import { lastAtMost, secondsAt } from "../../data/music/score-time.js";

const TICKS_PER_BEAT = 480;
const USUAL_BEATS = 4;

/** From one beginning of a bar to the next. */
interface Bar {
  /** Which beat begins it. */
  readonly first: number;
  readonly beats: number;
}

/**
 * A performance on beats that are known apart from its file: notes keep their seconds between them. Beats are quarter
 * notes, bars begin where they say so, with silence before an upbeat, and each has a tempo, the mean over it.
 * @throws MusicError for fewer than two beats, and for such that do not follow each other.
 */
export function withBeats(score: Score, beats: readonly Beat[]): Score {
  requireRising(beats);
  const bars = barsOf(beats);
  const beatOf = beatsAt(beats, secondsAt(score));
  const earliest = score.notes.reduce((least, { start }) => Math.min(least, Math.floor(beatOf(start))), 0);
  const upbeat = bars[0].first - earliest;
  const lead = Math.ceil(upbeat / bars[0].beats) * bars[0].beats - bars[0].first;
  const tickOf = (beat: number) => Math.round((beat + lead) * TICKS_PER_BEAT);
  const notes = score.notes.map((note) => {
    const start = tickOf(beatOf(note.start));
    return { ...note, start, end: Math.max(start + 1, tickOf(beatOf(note.end))) };
  });
  return {
    ticksPerBeat: TICKS_PER_BEAT,
    notes: notes.sort((a, b) => a.start - b.start || a.program - b.program || a.pitch - b.pitch),
    ...changesOf(beats, bars, tickOf),
  };
}

function requireRising(beats: readonly Beat[]): void {
  const wrong = beats.findIndex(({ seconds }, i) => i > 0 && !(seconds > beats[i - 1].seconds));
  if (beats.length >= 2 && wrong < 0) return;
  throw new MusicError(
    "beats do not follow each other",
    wrong < 0
      ? `${beats.length} of them`
      : `beat ${wrong + 1} at ${beats[wrong].seconds} s after one at ${beats[wrong - 1].seconds} s`,
    "give the times of two beats or more, in order",
  );
}

/** Beats before the first beginning of a bar are an upbeat; without any, bars have four. The last bar is like the one before. */
function barsOf(beats: readonly Beat[]): Bar[] {
  const marked = beats.flatMap(({ startsBar }, i) => (startsBar ? [i] : []));
  const firsts = marked.length > 0 ? marked : beats.map((_, i) => i).filter((i) => i % USUAL_BEATS === 0);
  const bars = firsts.slice(1).map((next, i): Bar => ({ first: firsts[i], beats: next - firsts[i] }));
  return [...bars, { first: firsts[firsts.length - 1], beats: bars.at(-1)?.beats ?? USUAL_BEATS }];
}

/** The beat at a tick, with fractions; before the first and after the last they go on as they begin and end. */
function beatsAt(beats: readonly Beat[], secondsOf: (tick: number) => number): (tick: number) => number {
  return (tick) => {
    const seconds = secondsOf(tick);
    const i = lastAtMost(beats.length - 1, (index) => beats[index].seconds <= seconds);
    return i + (seconds - beats[i].seconds) / (beats[i + 1].seconds - beats[i].seconds);
  };
}

function changesOf(beats: readonly Beat[], bars: readonly Bar[], tickOf: (beat: number) => number) {
  const tempos: Tempo[] = [];
  const timeSignatures: TimeSignature[] = [];
  for (const [i, bar] of bars.entries()) {
    const tick = i === 0 ? 0 : tickOf(bar.first);
    const last = Math.min(bar.first + bar.beats, beats.length - 1);
    const first = Math.min(bar.first, last - 1);
    const beatsPerMinute = rounded((60 * (last - first)) / (beats[last].seconds - beats[first].seconds));
    if (beatsPerMinute !== tempos.at(-1)?.beatsPerMinute) tempos.push({ tick, beatsPerMinute });
    if (bar.beats === timeSignatures.at(-1)?.numerator) continue;
    timeSignatures.push({ tick, numerator: bar.beats, denominator: 4 });
  }
  return { tempos, timeSignatures };
}

/** To thousandths, so that equal beats have equal tempos. */
function rounded(beatsPerMinute: number): number {
  return Math.round(beatsPerMinute * 1000) / 1000;
}
