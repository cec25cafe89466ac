import { expect, it } from "vitest";
import type { Note, Score } from "../../data/music/score.js";
import { type PianoRoll, pianoRoll } from "./piano-roll.js";

const note = (start: number, end: number, pitch: number, more: Partial<Note> = {}): Note => ({
  ...{ start, end, pitch, velocity: 127, program: 0, isDrum: false },
  ...more,
});
const scoreOf = (notes: Note[]): Score => ({
  ticksPerBeat: 4,
  notes,
  tempos: [{ tick: 0, beatsPerMinute: 120 }],
  timeSignatures: [{ tick: 0, numerator: 3, denominator: 4 }],
});
const at = ({ pixels, width, height }: PianoRoll, x: number, y: number) =>
  [0, 1, 2].map((channel) => pixels[channel * width * height + y * width + x]);
const options = { beatWidth: 16, rowHeight: 4 };

it("has a row a semitone, high notes above, a colour a program, drums grey and soft notes paler", () => {
  const notes = [
    note(0, 8, 64),
    note(8, 16, 62, { program: 40 }),
    note(16, 20, 61, { isDrum: true }),
    note(24, 28, 60, { velocity: 1 }),
  ];
  const roll = pianoRoll(scoreOf(notes), options);
  expect([roll.width, roll.height]).toEqual([7 * 16 + 1, (4 + 1 + 2 * 2) * 4]);
  const row = (pitch: number) => (64 + 2 - pitch) * 4;
  expect(at(roll, 10, row(64))).toEqual([0, 114, 178]);
  expect(at(roll, 40, row(62))).toEqual([213, 94, 0]);
  const [red, green, blue] = at(roll, 70, row(61));
  expect([red, green]).toEqual([green, blue]);
  const soft = at(roll, 100, row(60));
  expect(soft.every((value, channel) => value >= [0, 114, 178][channel] + 40)).toBe(true);
  expect(at(roll, 10, row(65))).toEqual([255, 255, 255]);
});

it("has lines at bars and beats, and a gap between repeated notes", () => {
  const roll = pianoRoll(scoreOf([note(0, 4, 60), note(4, 8, 60), note(24, 28, 60)]), options);
  const top = (x: number) => at(roll, x, 1)[0];
  const [bar, beat, paper] = [top(48), top(64), top(50)];
  expect(bar).toBeLessThan(beat);
  expect(beat).toBeLessThan(paper);
  const middle = 2 * 4;
  expect(at(roll, 15, middle)).not.toEqual(at(roll, 14, middle));
  expect(at(roll, 16, middle)).toEqual(at(roll, 14, middle));
});

it("is narrower for long music, and has a picture for none", () => {
  expect(pianoRoll(scoreOf([note(0, 40_000, 60)]), { ...options, maxWidth: 500 }).width).toBe(501);
  const empty = pianoRoll(scoreOf([]), options);
  expect(empty.pixels.length).toBe(3 * empty.width * empty.height);
});
