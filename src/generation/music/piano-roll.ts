import type { Note, Score } from "../../data/music/score.js";
import { endOf } from "../../data/music/score-time.js";

/** A picture of music: bytes [3, height, width] of red, green and blue. */
export interface PianoRoll {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Sizes in pixels. */
export interface PianoRollOptions {
  /** Of a quarter note. */
  readonly beatWidth?: number;
  /** Of a semitone. */
  readonly rowHeight?: number;
  /** Longer music is drawn narrower. */
  readonly maxWidth?: number;
}

type Colour = readonly [red: number, green: number, blue: number];

const PAPER: Colour = [255, 255, 255];
const BLACK_KEYS: Colour = [242, 242, 245];
const BEAT_LINE: Colour = [226, 226, 230];
const BAR_LINE: Colour = [160, 160, 170];
const OCTAVE_LINE: Colour = [205, 205, 212];
const DRUM: Colour = [90, 90, 90];
/** Okabe and Ito's, which eyes of every kind tell apart. */
const VOICES: readonly Colour[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [230, 159, 0],
  [148, 120, 20],
];
/** Semitones above and below the notes. */
const MARGIN = 2;
/** The softest note is this much paler than the loudest. */
const PALEST = 0.55;

/**
 * The notes of a score over time: a row a semitone, high ones above; a colour a program, drums grey, soft notes paler;
 * lines at bars and beats, a line under each C.
 */
export function pianoRoll(
  score: Score,
  { beatWidth = 24, rowHeight = 6, maxWidth = 8000 }: PianoRollOptions = {},
): PianoRoll {
  const beats = Math.max(1, endOf(score) / score.ticksPerBeat);
  const scale = Math.min(beatWidth, maxWidth / beats);
  const pitches = score.notes.map(({ pitch }) => pitch);
  const highest = pitches.reduce((high, pitch) => Math.max(high, pitch), 0) + MARGIN;
  const lowest = pitches.reduce((low, pitch) => Math.min(low, pitch), 127) - MARGIN;
  const rows = Math.max(1, highest - lowest + 1);
  const roll = blank(Math.ceil(beats * scale) + 1, rows * rowHeight);
  const xOf = (tick: number) => Math.round((tick / score.ticksPerBeat) * scale);
  const yOf = (pitch: number) => (highest - pitch) * rowHeight;
  for (let pitch = lowest; pitch <= highest; pitch++) {
    const key = ((pitch % 12) + 12) % 12;
    if ([1, 3, 6, 8, 10].includes(key)) fill(roll, 0, roll.width, yOf(pitch), rowHeight, BLACK_KEYS);
    if (key === 0) fill(roll, 0, roll.width, yOf(pitch) + rowHeight - 1, 1, OCTAVE_LINE);
  }
  drawTime(roll, score, xOf, scale);
  const programs = [...new Set(score.notes.filter((note) => !note.isDrum).map(({ program }) => program))];
  programs.sort((a, b) => a - b);
  for (const note of score.notes) {
    const [left, right] = [xOf(note.start), xOf(note.end)];
    const width = Math.max(1, right - left - (right - left > 3 ? 1 : 0)); // so that repeated notes are told apart
    fill(roll, left, width, yOf(note.pitch), rowHeight, colourOf(note, programs));
  }
  return roll;
}

function drawTime(roll: PianoRoll, score: Score, xOf: (tick: number) => number, beatWidth: number): void {
  const { timeSignatures, ticksPerBeat } = score;
  const end = endOf(score);
  const begins = timeSignatures.length > 0 ? timeSignatures : [{ tick: 0, numerator: 4, denominator: 4 }];
  for (const [i, { tick, numerator, denominator }] of begins.entries()) {
    const count = (4 * ticksPerBeat) / denominator;
    const until = begins[i + 1]?.tick ?? end + 1;
    const widest = (beatWidth * 4) / denominator;
    for (let beat = 0; tick + beat * count < until; beat++) {
      const isBar = beat % numerator === 0;
      if (isBar || widest >= 8) {
        fill(roll, xOf(tick + beat * count), 1, 0, roll.height, isBar ? BAR_LINE : BEAT_LINE);
      }
    }
  }
}

function colourOf({ isDrum, program, velocity }: Note, programs: readonly number[]): Colour {
  const [red, green, blue] = isDrum ? DRUM : VOICES[programs.indexOf(program) % VOICES.length];
  const strength = 1 - PALEST * (1 - velocity / 127);
  const paled = (value: number) => Math.round(255 - (255 - value) * strength);
  return [paled(red), paled(green), paled(blue)];
}

function blank(width: number, height: number): PianoRoll {
  const pixels = new Uint8Array(3 * width * height);
  PAPER.forEach((value, channel) => {
    pixels.fill(value, channel * width * height, (channel + 1) * width * height);
  });
  return { pixels, width, height };
}

function fill(roll: PianoRoll, x: number, width: number, y: number, height: number, colour: Colour): void {
  const plane = roll.width * roll.height;
  const end = Math.min(roll.width, x + width);
  colour.forEach((value, channel) => {
    for (let row = y; row < Math.min(roll.height, y + height); row++) {
      const from = channel * plane + row * roll.width;
      roll.pixels.fill(value, from + x, from + end);
    }
  });
}
