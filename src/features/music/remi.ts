/** Music in words of REMI; see remi-words. */
import { describeOmissions, type Omission, Omissions } from "../../data/music/omissions.js";
import type { Note, Score } from "../../data/music/score.js";
import type { Alphabet } from "./alphabet.js";
import { MusicWordsError } from "./errors.js";
import { type GridReport, gridReport } from "./grid-report.js";
import { RemiBars } from "./remi-bars.js";
import { RemiGrammar } from "./remi-grammar.js";
import { remiScore } from "./remi-score.js";
import {
  BAR,
  DRUMS,
  durationWord,
  isWordedTempo,
  longestCounts,
  meterWord,
  partsOf,
  remiWords,
  stepsPerCount,
  tempoWord,
  velocityWord,
} from "./remi-words.js";

/** A score in words. */
export interface RemiPiece {
  /** Bar after bar, each from its `Bar_None` on. */
  readonly bars: readonly (readonly string[])[];
  readonly report: GridReport;
  /** What the words do not say as it was, beside times off the grid. */
  readonly leftOut: readonly Omission[];
}

export const remiAlphabet: Alphabet = {
  name: "remi",
  words: remiWords,
  barWord: BAR,
  encode(score) {
    const { bars, report, leftOut } = remiPiece(score);
    const moved = {
      count: Math.round(report.offGrid * report.notes),
      thing: "note",
      fault: "moved to the grid",
    };
    return { bars, leftOut: describeOmissions([moved, ...leftOut]) };
  },
  decode: remiScore,
  transposed(word, semitones) {
    const parts = partsOf(word);
    if (parts?.type !== "Pitch") return word;
    const higher = `Pitch_${Number(parts.value) + semitones}`;
    return partsOf(higher) && higher;
  },
  grammar: () => new RemiGrammar(),
};

/** More are a mistake in a file: a piece of an hour has some two thousand. */
const MOST_BARS = 20_000;

/** Words at a step of a bar; tempos come before notes, and notes by program, drums first, then pitch. */
interface Item {
  readonly bar: number;
  readonly position: number;
  readonly order: readonly number[];
  readonly words: readonly string[];
}

/**
 * A score in words: notes on the grid of its meters, lengths, velocities and tempos the nearest that have words. Of
 * notes of one program and pitch at one step the shortest is kept, as MidiTok does.
 * @throws MusicWordsError for more bars than a piece has.
 */
export function remiPiece(score: Score): RemiPiece {
  const omissions = new Omissions();
  const grid = new RemiBars(score, omissions);
  const displacements: number[] = [];
  const notes = score.notes.map((note) => noteItem(note, grid, omissions, displacements));
  const items = [...withoutDoubles(notes.sort(inOrder), omissions), ...tempoItems(score, grid, omissions)];
  const bars: string[][] = [];
  let position = -1;
  for (const item of items.sort(inOrder)) {
    if (item.bar >= MOST_BARS) throw tooLong(item.bar + 1);
    if (item.bar >= bars.length) position = -1;
    while (bars.length <= item.bar) bars.push([BAR, meterWord(grid.meter(bars.length))]);
    if (item.position !== position) bars[item.bar].push(`Position_${item.position}`);
    bars[item.bar].push(...item.words);
    position = item.position;
  }
  return { bars, report: gridReport(displacements), leftOut: omissions.list };
}

function noteItem(note: Note, grid: RemiBars, omissions: Omissions, displacements: number[]): Item {
  const { bar, position, stepTicks, displacement } = grid.place(note.start);
  displacements.push(displacement);
  const longest = longestCounts * stepsPerCount;
  const length = Math.max(1, Math.round((note.end - note.start) / stepTicks));
  if (length > longest) omissions.add("note", `cut to ${longestCounts} beats`);
  const steps = Math.min(longest, length);
  const program = note.isDrum ? DRUMS : note.program;
  return {
    bar,
    position,
    order: [program, note.pitch, steps, note.velocity],
    words: [
      `Program_${program}`,
      `${note.isDrum ? "PitchDrum" : "Pitch"}_${note.pitch}`,
      velocityWord(note.velocity),
      durationWord(steps),
    ],
  };
}

function withoutDoubles(items: readonly Item[], omissions: Omissions): Item[] {
  const kept = items.filter((item, i) => i === 0 || !isDouble(item, items[i - 1]));
  omissions.add("note", "doubled by another", items.length - kept.length);
  return kept;
}

function isDouble(a: Item, b: Item): boolean {
  const isThere = a.bar === b.bar && a.position === b.position;
  return isThere && a.order[0] === b.order[0] && a.order[1] === b.order[1];
}

function tempoItems(score: Score, grid: RemiBars, omissions: Omissions): Item[] {
  const items: Item[] = [];
  for (const { tick, beatsPerMinute } of score.tempos) {
    if (!isWordedTempo(beatsPerMinute)) omissions.add("tempo", "beyond the words for tempos");
    const { bar, position } = grid.place(tick);
    const last = items.at(-1);
    if (last?.bar === bar && last.position === position) items.pop();
    const words = [tempoWord(beatsPerMinute)];
    if (items.at(-1)?.words[0] !== words[0]) items.push({ bar, position, order: [DRUMS - 1], words });
  }
  return items;
}

function inOrder(a: Item, b: Item): number {
  const difference = a.bar - b.bar || a.position - b.position;
  if (difference !== 0) return difference;
  const first = a.order.findIndex((key, i) => key !== b.order[i]);
  return first < 0 ? 0 : a.order[first] - (b.order[first] ?? 0);
}

function tooLong(bars: number): MusicWordsError {
  return new MusicWordsError(
    "a piece has too many bars",
    `${bars.toLocaleString("en")} of them`,
    `cut it to ${MOST_BARS.toLocaleString("en")}, or look for a note far behind the others`,
  );
}
