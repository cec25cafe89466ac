import toneMidi from "@tonejs/midi";
import fc from "fast-check";
import { type MidiEvent, parseMidi, writeMidi as writeEvents } from "midi-file";
import { describe, expect, it } from "vitest";
import { MusicError } from "./errors.js";
import { readMidi } from "./midi.js";
import { describeOmissions } from "./omissions.js";
import type { Note, Score } from "./score.js";
import { writeMidi } from "./write-midi.js";

const piano = { velocity: 80, program: 0, isDrum: false };
const note = (start: number, end: number, pitch: number, more: Partial<Note> = {}): Note => ({
  ...piano,
  start,
  end,
  pitch,
  ...more,
});

const score: Score = {
  ticksPerBeat: 480,
  notes: [
    note(0, 480, 36, { isDrum: true }),
    note(0, 960, 60),
    note(0, 960, 64, { program: 24 }),
    note(240, 1200, 60),
    note(960, 1440, 60),
  ],
  tempos: [
    { tick: 0, beatsPerMinute: 96 },
    { tick: 960, beatsPerMinute: 125 },
  ],
  timeSignatures: [
    { tick: 0, numerator: 3, denominator: 4 },
    { tick: 1440, numerator: 6, denominator: 8 },
  ],
};

/** A note of the wire. */
const on = (deltaTime: number, noteNumber: number, channel = 0): MidiEvent => ({
  deltaTime,
  type: "noteOn",
  channel,
  noteNumber,
  velocity: 80,
});
const off = (deltaTime: number, noteNumber: number, channel = 0): MidiEvent => ({
  deltaTime,
  type: "noteOff",
  channel,
  noteNumber,
  velocity: 0,
});
const pedal = (deltaTime: number, value: number): MidiEvent => ({
  deltaTime,
  type: "controller",
  channel: 0,
  controllerType: 64,
  value,
});
const program = (deltaTime: number, programNumber: number, channel = 0): MidiEvent => ({
  deltaTime,
  type: "programChange",
  channel,
  programNumber,
});

function file(tracks: MidiEvent[][], header: object = { format: 1, ticksPerBeat: 480 }): Uint8Array {
  return Uint8Array.from(writeEvents({ header: { format: 1, numTracks: tracks.length, ...header }, tracks }));
}

function read(tracks: MidiEvent[][], header?: object) {
  const { score, leftOut } = readMidi(file(tracks, header), "a.mid");
  return { score, notes: score.notes, leftOut: describeOmissions(leftOut) };
}

/** Start, end and pitch of notes. */
const times = (notes: readonly Note[]) => notes.map(({ start, end, pitch }) => [start, end, pitch]);

describe("writing MIDI", () => {
  it("gives back every score, overlapping notes and all", () => {
    const notes = fc.record({
      start: fc.nat(40),
      length: fc.integer({ min: 1, max: 20 }),
      pitch: fc.integer({ min: 60, max: 63 }),
      velocity: fc.integer({ min: 1, max: 127 }),
      program: fc.nat(127),
      isDrum: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(notes, { minLength: 1, maxLength: 60 }), (drawn) => {
        const written = {
          ...score,
          notes: drawn.map(({ length, ...rest }) => ({ ...rest, end: rest.start + length })),
        };
        const { score: again, leftOut } = readMidi(writeMidi(written), "a.mid");
        expect(leftOut).toEqual([]);
        expect(again.notes.map(keyOf).sort()).toEqual(written.notes.map(keyOf).sort());
        expect([again.ticksPerBeat, again.tempos, again.timeSignatures]).toEqual([
          score.ticksPerBeat,
          score.tempos,
          score.timeSignatures,
        ]);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("is read alike by @tonejs/midi", () => {
    const { header, tracks } = new toneMidi.Midi(writeMidi(score));
    const notes = tracks.flatMap((track) =>
      track.notes.map(({ ticks, durationTicks, midi }) =>
        [track.channel === 9, track.instrument.number, ticks, ticks + durationTicks, midi].join(" "),
      ),
    );
    const expected = score.notes.map((n) => [n.isDrum, n.program, n.start, n.end, n.pitch].join(" "));
    expect(notes.sort()).toEqual(expected.sort());
    expect(header.tempos.map(({ ticks, bpm }) => [ticks, bpm])).toEqual([
      [0, 96],
      [960, 125],
    ]);
    expect(header.timeSignatures.map((s) => s.timeSignature)).toEqual([
      [3, 4],
      [6, 8],
    ]);
  });

  it("is byte for byte what midi-file writes of what it reads", () => {
    const bytes = writeMidi(score);
    expect(Uint8Array.from(writeEvents(parseMidi(bytes)))).toEqual(bytes);
  });

  it("refuses what a file cannot hold", () => {
    const bad: Partial<Score>[] = [
      { ticksPerBeat: 32768 },
      { ticksPerBeat: 1.5 },
      { notes: [note(0, 0, 60)] },
      { notes: [note(0, 10, 128)] },
      { notes: [note(0, 10, 60, { velocity: 0 })] },
      { notes: [note(-1, 10, 60)] },
      { tempos: [{ tick: 0, beatsPerMinute: 3.5 }] },
      { timeSignatures: [{ tick: 0, numerator: 4, denominator: 3 }] },
    ];
    for (const change of bad) expect(() => writeMidi({ ...score, ...change })).toThrow(MusicError);
  });
});

function keyOf({ start, end, pitch, velocity, program: instrument, isDrum }: Note): string {
  return [start, end, pitch, velocity, instrument, isDrum].join(" ");
}

describe("reading MIDI", () => {
  it("pairs the first of overlapping notes with the first end", () => {
    expect(times(read([[on(0, 60), on(10, 60), off(10, 60), off(10, 60)]]).notes)).toEqual([
      [0, 20, 60],
      [10, 30, 60],
    ]);
  });

  it("counts notes without an end, ends without a note, and notes without length", () => {
    const { notes, leftOut } = read([[on(0, 60), off(0, 60), off(0, 61), on(5, 62), on(0, 64), off(20, 64)]]);
    expect(times(notes)).toEqual([
      [5, 25, 62],
      [5, 25, 64],
    ]);
    expect(leftOut).toEqual([
      "1 note end without a note",
      "1 note without an end, held to the end of the piece",
      "1 note without length",
    ]);
  });

  it("lets the pedal hold notes until it goes up or the key is struck again", () => {
    const track = [pedal(0, 127), on(0, 60), off(10, 60), on(10, 60), off(10, 60), on(0, 64), pedal(70, 0)];
    const { notes, leftOut } = read([[...track, off(50, 64)]]);
    expect(times(notes)).toEqual([
      [0, 20, 60],
      [20, 100, 60],
      [30, 150, 64],
    ]);
    expect(leftOut).toEqual(["2 notes held longer by the pedal"]);
  });

  it("reads running status and formats 0 and 1, and tells drums", () => {
    const track = [program(0, 24, 1), on(0, 60, 1), on(0, 36, 9), off(10, 60, 1), off(0, 36, 9)];
    const running = Uint8Array.from(
      writeEvents(
        { header: { format: 0, numTracks: 1, ticksPerBeat: 480 }, tracks: [track] },
        { running: true },
      ),
    );
    for (const bytes of [running, file([track])]) {
      expect(readMidi(bytes, "a.mid").score.notes).toEqual([
        note(0, 10, 36, { isDrum: true }),
        note(0, 10, 60, { program: 24 }),
      ]);
    }
  });

  it("takes programs from the track itself, or from another on its channel", () => {
    const { notes } = read([
      [program(0, 5), program(0, 7, 1)],
      [program(0, 6), on(0, 60), off(10, 60)],
      [on(0, 62, 1), off(10, 62, 1)],
    ]);
    expect(notes.map((n) => [n.pitch, n.program])).toEqual([
      [60, 6],
      [62, 7],
    ]);
  });

  it("keeps tempos and time signatures, of several at one tick the last", () => {
    const tempo = (deltaTime: number, microsecondsPerBeat: number): MidiEvent => ({
      deltaTime,
      type: "setTempo",
      microsecondsPerBeat,
    });
    const { score: got, leftOut } = read([
      [tempo(0, 400_000), tempo(480, 500_000), tempo(0, 600_000), tempo(0, 0)],
      [on(0, 60), off(10, 60)],
    ]);
    expect(got.tempos).toEqual([
      { tick: 0, beatsPerMinute: 150 },
      { tick: 480, beatsPerMinute: 100 },
    ]);
    expect(got.timeSignatures).toEqual([{ tick: 0, numerator: 4, denominator: 4 }]);
    expect(leftOut).toEqual(["1 tempo that is none"]);
  });

  it("turns frames of film into beats of a second", () => {
    const played = [[on(0, 60), off(1000, 60)]];
    const pal = read(played, { ticksPerBeat: undefined, framesPerSecond: 25, ticksPerFrame: 40 }).score;
    expect(pal).toMatchObject({ ticksPerBeat: 1000, tempos: [{ tick: 0, beatsPerMinute: 60 }] });
    const drop = read(played, { ticksPerBeat: undefined, framesPerSecond: 29, ticksPerFrame: 100 }).score;
    const seconds = (1000 / drop.ticksPerBeat) * (60 / drop.tempos[0].beatsPerMinute);
    expect(seconds).toBeCloseTo(1000 / (100 * (30_000 / 1001)), 12);
  });

  it("passes over chunks of other kinds and bytes at the end, and says so", () => {
    const bytes = file([[on(0, 60), off(10, 60)]]);
    const alien = [...Buffer.from("XFIH"), 0, 0, 0, 2, 1, 2];
    const { leftOut } = readMidi(
      Uint8Array.from([...bytes.slice(0, 14), ...alien, ...bytes.slice(14), 1, 2, 3]),
      "a.mid",
    );
    expect(describeOmissions(leftOut)).toEqual(["3 bytes behind the last track", "1 chunk of other kinds"]);
  });

  it.each([
    ["nothing", () => new Uint8Array(0), /no MIDI file/],
    ["text", () => Buffer.from("MThis is not music at all"), /no MIDI file/],
    ["a header alone", () => file([]), /no track/],
    ["a track cut short", () => file([[on(0, 60), off(10, 60)]]).slice(0, -3), /of which/],
    ["format 2", () => file([[on(0, 60)]], { format: 2, ticksPerBeat: 480 }), /format 2/],
    ["no ticks in a beat", () => changed(13, 0, 12, 0), /0 ticks/],
    ["impossible frames", () => changed(12, 0xf0), /16 frames/],
    ["no notes", () => file([[program(0, 1)]]), /no notes/],
    ["an event behind the track's end", () => cutEvent(), /is damaged/],
    ["a time that goes back", () => negative(), /goes on by -/],
    ["50 MB", () => new Uint8Array(50 * 2 ** 20), /too long/],
  ])("refuses %s", (_, bytes, message) => {
    const act = () => readMidi(bytes(), "bad.mid");
    expect(act).toThrow(MusicError);
    expect(act).toThrow(message);
    expect(act).toThrow(/bad[.]mid/);
  });

  it("never throws anything else, whatever the bytes", () => {
    const good = writeMidi(score);
    const places = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(places, fc.nat(good.length), (changes, length) => {
        const bytes = good.slice(0, length);
        for (const [at, byte] of changes) if (at < length) bytes[at] = byte;
        try {
          for (const n of readMidi(bytes, "a.mid").score.notes) expect(n.end).toBeGreaterThan(n.start);
        } catch (error) {
          expect(error).toBeInstanceOf(MusicError);
        }
      }),
      { seed: 2, numRuns: 800 },
    );
  });
});

/** A good file with other bytes at some places. */
function changed(...places: number[]): Uint8Array {
  const bytes = file([[on(0, 60), off(10, 60)]]);
  for (let i = 0; i < places.length; i += 2) bytes[places[i]] = places[i + 1];
  return bytes;
}

/** A track whose last event lacks a byte, with a length that says so. */
function cutEvent(): Uint8Array {
  const track = [0, 0x90, 60, 80, 10, 0x80, 60];
  return Uint8Array.from([
    ...changed().slice(0, 14),
    ...Buffer.from("MTrk"),
    ...[0, 0, 0, track.length],
    ...track,
  ]);
}

/** A time in more bytes than the standard has, which overflows. */
function negative(): Uint8Array {
  const track = [0, 0x90, 60, 80, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x80, 60, 0];
  return Uint8Array.from([
    ...changed().slice(0, 14),
    ...Buffer.from("MTrk"),
    ...[0, 0, 0, track.length],
    ...track,
  ]);
}
