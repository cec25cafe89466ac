/**
 * Chorales in words: four voices on a grid of sixteenths, as in the published JSB sets (Boulanger-Lewandowski et al.
 * 2012; Huang et al. 2017, "Counterpoint by Convolution", section 3). A bar is four beats of four steps; a beat begins
 * with its number, `Beat_1` to `Beat_4`, and each step is a word a voice from the highest to the lowest: `Soprano_67`,
 * or `Soprano_None` for silence. A note that goes on and one that is repeated are not told apart.
 */
import type { Note, Score } from "../../data/music/score.js";
import type { Alphabet, MusicGrammar } from "./alphabet.js";
import { MusicWordsError } from "./errors.js";

export const voices = ["Soprano", "Alto", "Tenor", "Bass"] as const;
const numVoices = voices.length;
const stepsPerBeat = 4;
const beatsPerBar = 4;
export const stepsPerBar = stepsPerBeat * beatsPerBar;
const ticksPerBeat = 480;
const ticksPerStep = ticksPerBeat / stepsPerBeat;

/** Pitches that the words know: those of the published sets and a few beside. */
export const choralePitches = { lowest: 33, highest: 84 } as const;

/** In General MIDI violin, viola, cello and contrabass: a voice is told by its program. */
const programs = [40, 41, 42, 43] as const;
const loudness = 80;
const usualTempo = 80;

/** MIDI pitches [steps, 4], row-major, from the highest voice to the lowest; -1 is silence. */
export type ChoraleGrid = Int8Array;

/** What a voice may do at a step: be silent, 0, or sound, the lowest pitch being 1. */
export const numSymbols = choralePitches.highest - choralePitches.lowest + 2;

/** Symbols of a grid's notes, and back. */
export const symbolOf = (pitch: number): number => (pitch < 0 ? 0 : pitch - choralePitches.lowest + 1);
export const pitchOfSymbol = (symbol: number): number =>
  symbol === 0 ? -1 : symbol + choralePitches.lowest - 1;

/** The words of a grid, bar after bar. Throws `MusicWordsError` for pitches that they do not know. */
export function choraleBars(grid: ChoraleGrid): string[][] {
  const bars: string[][] = [];
  for (let step = 0; step < grid.length / numVoices; step++) {
    if (step % stepsPerBar === 0) bars.push([]);
    const bar = bars[bars.length - 1];
    if (step % stepsPerBeat === 0) bar.push(`Beat_${((step / stepsPerBeat) % beatsPerBar) + 1}`);
    for (const [voice, name] of voices.entries()) bar.push(wordOf(name, grid[step * numVoices + voice]));
  }
  return bars;
}

function wordOf(voice: string, pitch: number): string {
  const { lowest, highest } = choralePitches;
  if (pitch === -1) return `${voice}_None`;
  if (pitch >= lowest && pitch <= highest) return `${voice}_${pitch}`;
  throw new MusicWordsError(
    "a chorale's note is too high or too low",
    `${voice} ${pitch}, in words from ${lowest} to ${highest}`,
    "transpose the piece by octaves",
  );
}

/** The grid that words say; a last step that breaks off is left out. Throws `MusicWordsError` for words out of order. */
export function choraleGrid(words: readonly string[]): ChoraleGrid {
  const grammar = choraleGrammar();
  const pitches: number[] = [];
  for (const [i, word] of words.entries()) {
    if (!grammar.allows(word)) {
      throw new MusicWordsError(
        "the words are no chorale",
        `word ${i + 1} is ${JSON.stringify(word)} after ${JSON.stringify(words[i - 1] ?? "")}`,
        "give words as choraleBars makes them: a beat, then four voices a step",
      );
    }
    grammar.accept(word);
    if (!word.startsWith("Beat_")) pitches.push(pitchOf(word) ?? -1);
  }
  return Int8Array.from(pitches.slice(0, pitches.length - (pitches.length % numVoices)));
}

function pitchOf(word: string): number | undefined {
  const [, pitch] = word.split("_");
  return pitch === "None" ? undefined : Number(pitch);
}

/** What may follow: a beat in turn every four steps, and between them the voices in turn. */
export function choraleGrammar(): MusicGrammar {
  let place = 0; // in a bar's words
  const wordsPerBeat = 1 + stepsPerBeat * numVoices;
  return {
    allows(word) {
      const inBeat = place % wordsPerBeat;
      if (inBeat === 0) return word === `Beat_${place / wordsPerBeat + 1}`;
      return word.startsWith(`${voices[(inBeat - 1) % numVoices]}_`);
    },
    accept() {
      place = (place + 1) % (wordsPerBeat * beatsPerBar);
    },
    get mayEnd() {
      return place % wordsPerBeat === 0;
    },
  };
}

/** A grid as notes: equal steps of a voice are one note. */
export function choraleScore(grid: ChoraleGrid): Score {
  const steps = grid.length / numVoices;
  const notes: Note[] = [];
  for (const [voice, program] of programs.entries()) {
    for (let step = 0; step < steps; ) {
      const pitch = grid[step * numVoices + voice];
      let end = step + 1;
      while (end < steps && grid[end * numVoices + voice] === pitch) end++;
      if (pitch >= 0) {
        const [start, stop] = [step * ticksPerStep, end * ticksPerStep];
        notes.push({ start, end: stop, pitch, velocity: loudness, program, isDrum: false });
      }
      step = end;
    }
  }
  notes.sort((a, b) => a.start - b.start || a.program - b.program || a.pitch - b.pitch);
  return {
    ticksPerBeat,
    notes,
    tempos: [{ tick: 0, beatsPerMinute: usualTempo }],
    timeSignatures: [{ tick: 0, numerator: beatsPerBar, denominator: 4 }],
  };
}

/** A piece on the grid, and what had to be left out for it. */
export interface GriddedChorale {
  readonly grid: ChoraleGrid;
  /** Notes that are nowhere on the grid: too short, drums, or more than four at once. */
  readonly lost: number;
  /** Notes of `score`. */
  readonly notes: number;
}

/**
 * What sounds at each sixteenth. Notes of the four programs of `choraleScore` are their voices'; of other music each
 * step's notes are voices from the highest to the lowest, the lowest of more than two the bass.
 */
export function gridOfScore(score: Score): GriddedChorale {
  const pitched = score.notes.filter(({ isDrum }) => !isDrum);
  const ticks = score.ticksPerBeat / stepsPerBeat;
  const steps = Math.ceil(Math.max(0, ...pitched.map(({ end }) => Math.round(end / ticks))));
  const sounding: (readonly [pitch: number, voice: number, note: number])[][] = Array.from(
    { length: steps },
    () => [],
  );
  for (const [i, { start, end, pitch, program }] of pitched.entries()) {
    const voice = programs.indexOf(program as (typeof programs)[number]);
    for (let step = Math.round(start / ticks); step < Math.round(end / ticks); step++) {
      sounding[step].push([pitch, voice, i]);
    }
  }
  const isOurs = pitched.every(({ program }) => programs.includes(program as (typeof programs)[number]));
  const grid = new Int8Array(steps * numVoices).fill(-1);
  const kept = new Set<number>();
  for (const [step, found] of sounding.entries()) {
    const ordered = found.toSorted(([a], [b]) => b - a);
    for (const [rank, [pitch, own, note]] of ordered.entries()) {
      const isLowest = rank === ordered.length - 1 && ordered.length > 2;
      const voice = isOurs ? own : isLowest ? numVoices - 1 : rank;
      if (voice >= numVoices || (!isOurs && !isLowest && voice === numVoices - 1)) continue;
      grid[step * numVoices + voice] = pitch;
      kept.add(note);
    }
  }
  return { grid, lost: score.notes.length - kept.size, notes: score.notes.length };
}

/** The alphabet of chorales. */
export const choraleAlphabet: Alphabet = {
  name: "chorales",
  words: [
    ...Array.from({ length: beatsPerBar }, (_, beat) => `Beat_${beat + 1}`),
    ...voices.flatMap((voice) => [
      `${voice}_None`,
      ...Array.from(
        { length: choralePitches.highest - choralePitches.lowest + 1 },
        (_, i) => `${voice}_${choralePitches.lowest + i}`,
      ),
    ]),
  ],
  barWord: "Beat_1",
  encode(score) {
    const { grid, lost, notes } = gridOfScore(score);
    const leftOut = lost > 0 ? [`${lost} of ${notes} notes that four voices on sixteenths cannot hold`] : [];
    return { bars: choraleBars(grid), leftOut };
  },
  decode: (words) => choraleScore(choraleGrid(words)),
  transposed(word, semitones) {
    const pitch = word.startsWith("Beat_") ? undefined : pitchOf(word);
    if (pitch === undefined) return word;
    const moved = pitch + semitones;
    const { lowest, highest } = choralePitches;
    return moved < lowest || moved > highest ? undefined : `${word.split("_")[0]}_${moved}`;
  },
  grammar: choraleGrammar,
};
