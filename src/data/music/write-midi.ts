import { type MidiEvent, writeMidi as midiBytes } from "midi-file";
import { MusicError } from "./errors.js";
import { DRUM_CHANNEL } from "./midi-notes.js";
import type { Note, Score } from "./score.js";

const CHANNELS = 16;
const MELODIC_CHANNELS = Array.from({ length: CHANNELS }, (_, i) => i).filter((i) => i !== DRUM_CHANNEL);
const MICROSECONDS = 60_000_000;
const MAX_MICROSECONDS = 2 ** 24 - 1;
const MAX_TICKS_PER_BEAT = 2 ** 15 - 1;
const CLOCKS_PER_CLICK = 24;
const THIRTY_SECONDS_PER_BEAT = 8;

/** An event at a tick; of those at one tick, lower ranks come first. */
type Ranked = readonly [tick: number, rank: number, event: MidiEvent];

/**
 * A score as a Standard MIDI File of format 1: a track of tempos and time signatures, then one for each channel that is
 * used, and a further one for notes that overlap others of their pitch, so that readers tell them apart. Programs have
 * channels of their own in rising order, drums channel 10; from the sixteenth program on they share, and change the
 * channel's program where they take turns.
 * @throws MusicError for values that such a file cannot hold: a beat of over 32,767 ticks, tempos under 3.6 a minute,
 * pitches, velocities and programs outside their range, notes without length.
 */
export function writeMidi(score: Score): Uint8Array {
  requireWritable(score);
  const programs = [...new Set(score.notes.filter((note) => !note.isDrum).map(({ program }) => program))];
  programs.sort((a, b) => a - b);
  const channelOf = ({ isDrum, program }: Note) =>
    isDrum ? DRUM_CHANNEL : MELODIC_CHANNELS[programs.indexOf(program) % MELODIC_CHANNELS.length];
  const channels = new Set(score.notes.map(channelOf));
  const voices = [...channels]
    .sort((a, b) => a - b)
    .flatMap((channel) => {
      const notes = score.notes.filter((note) => channelOf(note) === channel);
      return withoutOverlap(notes).map((lane) => voice(channel, lane));
    });
  const tracks = [conductor(score), ...voices];
  const header = { format: 1 as const, numTracks: tracks.length, ticksPerBeat: score.ticksPerBeat };
  return Uint8Array.from(midiBytes({ header, tracks: tracks.map(inOrder) }));
}

function conductor({ tempos, timeSignatures }: Score): Ranked[] {
  return [
    ...timeSignatures.map(({ tick, numerator, denominator }): Ranked => {
      const [metronome, thirtyseconds] = [CLOCKS_PER_CLICK, THIRTY_SECONDS_PER_BEAT];
      return [
        tick,
        0,
        { deltaTime: 0, type: "timeSignature", numerator, denominator, metronome, thirtyseconds },
      ];
    }),
    ...tempos.map(({ tick, beatsPerMinute }): Ranked => {
      const microsecondsPerBeat = Math.round(MICROSECONDS / beatsPerMinute);
      return [tick, 1, { deltaTime: 0, type: "setTempo", microsecondsPerBeat }];
    }),
  ];
}

interface Lane {
  readonly notes: Note[];
  /** Of pitches: where the last note ends. */
  readonly ends: Map<number, number>;
}

/** Notes in as few lanes as may be, in none of which a note begins while another of its pitch sounds. */
function withoutOverlap(notes: readonly Note[]): Note[][] {
  const lanes: Lane[] = [];
  for (const note of notes.toSorted((a, b) => a.start - b.start)) {
    const free = lanes.find(({ ends }) => (ends.get(note.pitch) ?? 0) <= note.start);
    const lane: Lane = free ?? { notes: [], ends: new Map() };
    if (!free) lanes.push(lane);
    lane.notes.push(note);
    lane.ends.set(note.pitch, note.end);
  }
  return lanes.map((lane) => lane.notes);
}

function voice(channel: number, notes: readonly Note[]): Ranked[] {
  const events: Ranked[] = [];
  let current: number | undefined;
  for (const { start, end, pitch, velocity, program } of notes) {
    if (program !== current) {
      events.push([start, 1, { deltaTime: 0, type: "programChange", channel, programNumber: program }]);
    }
    current = program;
    events.push([start, 1, { deltaTime: 0, type: "noteOn", channel, noteNumber: pitch, velocity }]);
    events.push([end, 0, { deltaTime: 0, type: "noteOff", channel, noteNumber: pitch, velocity: 0 }]);
  }
  return events;
}

function inOrder(events: readonly Ranked[]): MidiEvent[] {
  let last = 0;
  const track = events
    .toSorted(([a, rankA], [b, rankB]) => a - b || rankA - rankB)
    .map(([tick, , event]): MidiEvent => {
      const deltaTime = tick - last;
      last = tick;
      return { ...event, deltaTime };
    });
  return [...track, { deltaTime: 0, type: "endOfTrack" }];
}

function requireWritable({ ticksPerBeat, notes, tempos, timeSignatures }: Score): void {
  const isByte = (value: number, least = 0) => isWhole(value, least, 127);
  if (!isWhole(ticksPerBeat, 1, MAX_TICKS_PER_BEAT)) throw unwritable(`${ticksPerBeat} ticks a beat`);
  for (const note of notes) {
    const { start, end, pitch, velocity, program } = note;
    const isTimed = isWhole(start, 0, end - 1) && Number.isSafeInteger(end);
    if (isTimed && isByte(pitch) && isByte(velocity, 1) && isByte(program)) continue;
    throw unwritable(`the note ${JSON.stringify(note)}`);
  }
  for (const { tick, beatsPerMinute } of tempos) {
    const microseconds = Math.round(MICROSECONDS / beatsPerMinute);
    if (isWhole(tick, 0) && isWhole(microseconds, 1, MAX_MICROSECONDS)) continue;
    throw unwritable(`a tempo of ${beatsPerMinute} at tick ${tick}`);
  }
  for (const { tick, numerator, denominator } of timeSignatures) {
    const isPower = isWhole(denominator, 1, 128) && Number.isInteger(Math.log2(denominator));
    if (isWhole(tick, 0) && isWhole(numerator, 1, 255) && isPower) continue;
    throw unwritable(`a time signature of ${numerator}/${denominator} at tick ${tick}`);
  }
}

function isWhole(value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function unwritable(found: string): MusicError {
  return new MusicError("a MIDI file cannot hold this score", found, "give whole numbers in MIDI's ranges");
}
