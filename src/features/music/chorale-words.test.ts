import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeChorale } from "../../../test/made-chorales.js";
import { readMidi } from "../../data/music/midi.js";
import { writeMidi } from "../../data/music/write-midi.js";
import {
  choraleAlphabet,
  choraleBars,
  choraleGrid,
  choralePitches,
  choraleScore,
  gridOfScore,
  pitchOfSymbol,
  symbolOf,
} from "./chorale-words.js";
import { MusicWordsError } from "./errors.js";

const { lowest, highest } = choralePitches;
const pitch = fc.oneof(fc.constant(-1), fc.integer({ min: lowest, max: highest }));
const grids = fc
  .integer({ min: 1, max: 40 })
  .chain((steps) => fc.array(pitch, { minLength: steps * 4, maxLength: steps * 4 }))
  .map((pitches) => Int8Array.from(pitches));

describe("words of a chorale", () => {
  it("name beats and voices in turn, and begin a bar every sixteen steps", () => {
    const grid = Int8Array.from({ length: 17 * 4 }, (_, i) => [67, 62, 55, -1][i % 4]);
    const bars = choraleBars(grid);
    expect(bars.map((bar) => bar.length)).toEqual([4 + 64, 1 + 4]);
    expect(bars[0].slice(0, 6)).toEqual([
      ...["Beat_1", "Soprano_67", "Alto_62", "Tenor_55"],
      ...["Bass_None", "Soprano_67"],
    ]);
    expect(bars[0][17]).toBe("Beat_2");
    expect(bars[1][0]).toBe(choraleAlphabet.barWord);
  });

  it("give the grid back, and every one is in the alphabet", () => {
    const known = new Set(choraleAlphabet.words);
    fc.assert(
      fc.property(grids, (grid) => {
        const words = choraleBars(grid).flat();
        expect(words.every((word) => known.has(word))).toBe(true);
        expect(choraleGrid(words)).toEqual(grid);
      }),
    );
  });

  it("out of order are refused, naming the place", () => {
    expect(() => choraleGrid(["Beat_1", "Alto_60"])).toThrow(/word 2 is "Alto_60" after "Beat_1"/);
    expect(() => choraleGrid(["Beat_2"])).toThrow(MusicWordsError);
  });

  it("leave a step out that breaks off", () => {
    expect(choraleGrid(["Beat_1", "Soprano_60", "Alto_60"])).toHaveLength(0);
  });

  it("are refused for a pitch outside", () => {
    expect(() => choraleBars(Int8Array.of(100, 60, 60, 60))).toThrow(/Soprano 100, in words from 33 to 84/);
  });

  it("move by semitones where the alphabet reaches", () => {
    const { transposed } = choraleAlphabet;
    expect(transposed("Alto_60", 3)).toBe("Alto_63");
    expect(transposed("Alto_60", 30)).toBeUndefined();
    expect([transposed("Beat_3", 5), transposed("Bass_None", -5)]).toEqual(["Beat_3", "Bass_None"]);
  });
});

describe("a chorale as notes", () => {
  it("comes back from a MIDI file as the same grid", () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const silence = [...grid].every((value) => value === -1);
        fc.pre(!silence);
        const { score } = readMidi(writeMidi(choraleScore(grid)), "a test");
        const found = gridOfScore(score);
        // Silence at the end is no note, and is lost.
        expect(found.grid).toEqual(grid.subarray(0, found.grid.length));
        expect([...grid.subarray(found.grid.length)].every((value) => value === -1)).toBe(true);
        expect(found.lost).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("holds a note over equal steps", () => {
    const score = choraleScore(Int8Array.from(madeChorale(1, 1).flat()));
    expect(score.notes.map(({ start, end }) => [start, end])).toEqual(Array(4).fill([0, 480]));
  });

  it("of other programs is taken from the highest to the lowest, and counts what is too much", () => {
    const note = (value: number) => ({
      ...{ start: 0, end: 480, pitch: value, velocity: 64, program: 0, isDrum: false },
    });
    const { grid, lost } = gridOfScore({
      ticksPerBeat: 480,
      notes: [48, 55, 60, 64, 67].map(note),
      tempos: [{ tick: 0, beatsPerMinute: 100 }],
      timeSignatures: [{ tick: 0, numerator: 4, denominator: 4 }],
    });
    expect([...grid.subarray(0, 4)]).toEqual([67, 64, 60, 48]);
    expect(lost).toBe(1);
  });
});

it("symbols are pitches by their order, silence first", () => {
  expect([-1, lowest, highest].map(symbolOf)).toEqual([0, 1, highest - lowest + 1]);
  expect([-1, lowest, 60, highest].map(symbolOf).map(pitchOfSymbol)).toEqual([-1, lowest, 60, highest]);
});
