import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { readMidi } from "../../data/music/midi.js";
import { describeOmissions } from "../../data/music/omissions.js";
import type { Note, Score } from "../../data/music/score.js";
import { writeMidi } from "../../data/music/write-midi.js";
import { MusicWordsError } from "./errors.js";
import { remiAlphabet, remiPiece } from "./remi.js";
import { RemiGrammar } from "./remi-grammar.js";
import { remiScore } from "./remi-score.js";
import { remiWords } from "./remi-words.js";

const tempos = [{ tick: 0, beatsPerMinute: 120 }];
const common = [{ tick: 0, numerator: 4, denominator: 4 }];
const note = (start: number, end: number, more: Partial<Note> = {}): Note => ({
  ...{ start, end, pitch: 60, velocity: 95, program: 0, isDrum: false },
  ...more,
});
const scoreOf = (notes: Note[], more: Partial<Score> = {}): Score => ({
  ...{ ticksPerBeat: 4, notes, tempos, timeSignatures: common },
  ...more,
});
const worded = (score: Score) => remiPiece(score).bars.map((bar) => bar.join(" "));

describe("a score in words of REMI", () => {
  it("says bars, positions, tempos and notes", () => {
    const score = scoreOf([
      note(0, 4),
      note(0, 6, { pitch: 36, isDrum: true }),
      note(34, 36, { program: 24 }),
    ]);
    expect(worded(score)).toEqual([
      "Bar_None TimeSig_4/4 Position_0 Tempo_120.0 Program_-1 PitchDrum_36 Velocity_95 Duration_1.2.4 " +
        "Program_0 Pitch_60 Velocity_95 Duration_1.0.4",
      "Bar_None TimeSig_4/4",
      "Bar_None TimeSig_4/4 Position_2 Program_24 Pitch_60 Velocity_95 Duration_0.2.4",
    ]);
  });

  it("counts eighths in 6/8", () => {
    const timeSignatures = [{ tick: 0, numerator: 6, denominator: 8 }];
    expect(worded(scoreOf([note(2, 4), note(12, 13)], { timeSignatures }))).toEqual([
      "Bar_None TimeSig_6/8 Position_0 Tempo_120.0 Position_4 Program_0 Pitch_60 Velocity_95 Duration_1.0.4",
      "Bar_None TimeSig_6/8 Position_0 Program_0 Pitch_60 Velocity_95 Duration_0.2.4",
    ]);
  });

  it("takes 2/2 for 4/4, passes over what no word has, and lets meters begin with bars", () => {
    const timeSignatures = [
      { tick: 0, numerator: 2, denominator: 2 },
      { tick: 4, numerator: 3, denominator: 4 },
      { tick: 28, numerator: 13, denominator: 8 },
    ];
    const piece = remiPiece(scoreOf([note(0, 4), note(16, 20), note(28, 32)], { timeSignatures }));
    expect(piece.bars.map(([, meter]) => meter)).toEqual(["TimeSig_4/4", "TimeSig_3/4", "TimeSig_3/4"]);
    expect(describeOmissions(piece.leftOut)).toEqual([
      "1 time signature moved to the next bar",
      "1 time signature that no word has, passed over",
    ]);
  });

  it("counts what it moves, cuts and leaves out", () => {
    const notes = [note(0, 8000), note(0, 480), note(50, 400), note(480, 960)];
    const { report, leftOut } = remiPiece(scoreOf(notes, { ticksPerBeat: 480 }));
    expect(report).toEqual({
      notes: 4,
      offGrid: 0.25,
      meanDisplacement: expect.closeTo(50 / 480 / 4, 12),
      largestDisplacement: expect.closeTo(50 / 480, 12),
    });
    expect(describeOmissions(leftOut)).toEqual(["1 note cut to 12 beats", "2 notes doubled by another"]);
    expect(remiAlphabet.encode(scoreOf(notes, { ticksPerBeat: 480 })).leftOut[0]).toBe(
      "1 note moved to the grid",
    );
  });

  it("refuses a piece with more bars than there are", () => {
    expect(() => remiPiece(scoreOf([note(0, 4), note(2 ** 40, 2 ** 40 + 1)]))).toThrow(MusicWordsError);
  });

  it("goes from a file to words and back with each note on the grid in its place", () => {
    const drawn = fc.record({
      start: fc.nat(200),
      length: fc.integer({ min: 1, max: 48 }),
      pitch: fc.nat(127),
      velocity: fc.integer({ min: 1, max: 32 }).map((i) => Math.floor((i * 127) / 32)),
      program: fc.constantFrom(0, 24, 127),
      isDrum: fc.boolean(),
    });
    const meters = fc.constantFrom([4, 4], [3, 4], [6, 8], [7, 4], [5, 8]);
    const keyOf = (n: Note) => `${n.isDrum ? "drum" : n.program} ${n.pitch} ${n.start}`;
    const told = (notes: readonly Note[]) =>
      notes.map((n) => `${keyOf(n)} ${n.end} ${n.velocity}`).sort((a, b) => (a < b ? -1 : 1));
    fc.assert(
      fc.property(
        fc.uniqueArray(drawn, {
          minLength: 1,
          maxLength: 40,
          selector: (n) => `${n.isDrum ? "drum" : n.program} ${n.pitch} ${n.start}`,
        }),
        meters,
        (steps, [numerator, denominator]) => {
          const stepTicks = (480 * 4) / (denominator * 4);
          const notes = steps.map(({ start, length, ...rest }) =>
            note(start * stepTicks, (start + length) * stepTicks, {
              ...rest,
              program: rest.isDrum ? 0 : rest.program,
            }),
          );
          const timeSignatures = [{ tick: 0, numerator, denominator }];
          const bytes = writeMidi(scoreOf(notes, { ticksPerBeat: 480, timeSignatures }));
          const { bars, report, leftOut } = remiPiece(readMidi(bytes, "a.mid").score);
          const { score } = readMidi(writeMidi(remiScore(bars.flat())), "b.mid");
          const scale = 480 / score.ticksPerBeat;
          const back = score.notes.map((n) => ({ ...n, start: n.start * scale, end: n.end * scale }));
          expect(told(back)).toEqual(told(notes));
          expect(score.timeSignatures).toEqual(timeSignatures);
          expect([report.offGrid, leftOut]).toEqual([0, []]);
        },
      ),
      { seed: 3, numRuns: 40 },
    );
  });

  it("transposes pitches, and neither drums nor anything else", () => {
    const higher = (word: string) => remiAlphabet.transposed(word, 5);
    expect(["Pitch_60", "PitchDrum_36", "Duration_1.0.4", BAR].map(higher)).toEqual([
      "Pitch_65",
      "PitchDrum_36",
      "Duration_1.0.4",
      BAR,
    ]);
    expect(higher("Pitch_125")).toBeUndefined();
  });
});

const BAR = remiAlphabet.barWord;

describe("the grammar of REMI", () => {
  it("allows only streams that are scores: those drawn at random with it decode, and say the same again", () => {
    for (let seed = 0; seed < 4; seed++) {
      const grammar = new RemiGrammar();
      const stream = randomStream(seed, "words");
      const words: string[] = [];
      while (words.length < 120 || !grammar.mayEnd) {
        const allowed = remiWords.filter((word) => grammar.allows(word));
        // Types first, as bars would be rare among five hundred words.
        const types = [...new Set(allowed.map((word) => word.split("_")[0]))];
        const type = types[stream.integer(types.length)];
        const ofType = allowed.filter((word) => word.split("_")[0] === type);
        words.push(ofType[stream.integer(ofType.length)]);
        grammar.accept(words[words.length - 1]);
      }
      const score = remiScore(words);
      const told = words.filter((word) => word.startsWith("Pitch")).length;
      expect(score.notes.length).toBe(told);
      const again = readMidi(writeMidi(score), "drawn.mid");
      expect(again.score.notes.length).toBe(told);
      expect(describeOmissions(again.leftOut)).toEqual([]);
    }
  });

  it("goes on where every pitch of a program is taken", () => {
    const grammar = new RemiGrammar();
    for (const word of ["Bar_None", "TimeSig_4/4", "Position_0"]) grammar.accept(word);
    for (let pitch = 0; pitch < 128; pitch++) {
      for (const word of ["Program_0", `Pitch_${pitch}`, "Velocity_95", "Duration_1.0.4"])
        grammar.accept(word);
    }
    expect([0, 1].map((program) => grammar.allows(`Program_${program}`))).toEqual([false, true]);
  });

  it.each([
    ["nothing", "", /break off/],
    ["no bar", "Position_0", /may come: Bar/],
    ["an unknown word", "Bar_None TimeSig_4/4 Position_0 Rest_1.0.4", /word 4 is Rest_1.0.4/],
    ["a word of a type with another value", "Bar_None TimeSig_13/8", /TimeSig_13\/8/],
    ["a position behind the bar", "Bar_None TimeSig_3/4 Position_12", /Position_12/],
    ["positions that fall", "Bar_None TimeSig_4/4 Position_4 Tempo_120.0 Position_4", /Position_4/],
    ["a drum that a piano plays", "Bar_None TimeSig_4/4 Position_0 Program_0 PitchDrum_36", /PitchDrum_36/],
    ["a piano's note by drums", "Bar_None TimeSig_4/4 Position_0 Program_-1 Pitch_36", /Pitch_36/],
    ["half a note", "Bar_None TimeSig_4/4 Position_0 Program_0 Pitch_60 Velocity_95", /break off/],
    [
      "a note twice",
      `Bar_None TimeSig_4/4 Position_0${" Program_0 Pitch_60 Velocity_95 Duration_1.0.4".repeat(2)}`,
      /word 9 is Pitch_60/,
    ],
  ])("refuses %s", (_, words, message) => {
    const act = () => remiScore(words === "" ? [] : words.split(" "));
    expect(act).toThrow(MusicWordsError);
    expect(act).toThrow(message);
  });
});
