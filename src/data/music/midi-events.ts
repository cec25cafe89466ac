import { type MidiEvent, parseMidi } from "midi-file";
import { MusicError } from "./errors.js";
import type { Omissions } from "./omissions.js";

/** The length of a beat in a MIDI file. */
export interface MidiTime {
  readonly ticksPerBeat: number;
  /** The tempo that holds all the time, where ticks count parts of a second; undefined where the file's tempos do. */
  readonly beatsPerMinute: number | undefined;
}

/** An event of a MIDI file. */
export interface TimedEvent {
  /** From the beginning of the piece. */
  readonly tick: number;
  readonly track: number;
  readonly event: MidiEvent;
}

/** Half a million notes or more; a song has some thousands. Reading takes some hundred times the memory. */
const MAX_BYTES = 2 ** 22;
const HEADER = "MThd";
const TRACK = "MTrk";
const HEADER_BYTES = 6;
/** The longest that a file can say, in four bytes of seven bits. [Standard MIDI Files 1.0] */
const MAX_DELTA = 2 ** 28 - 1;

/**
 * The events of a Standard MIDI File of format 0 or 1 in the order of their time, at one time in the order of tracks.
 * @throws MusicError naming `name` for a file that is none, cut short, too long, or of format 2.
 */
export function midiEvents(
  bytes: Uint8Array,
  name: string,
  omissions: Omissions,
): { time: MidiTime; events: TimedEvent[] } {
  if (bytes.length > MAX_BYTES) {
    const advice = `give files of at most ${MAX_BYTES / 2 ** 20} MiB: split it`;
    throw new MusicError("the MIDI file is too long", `${name}: ${bytes.length} bytes`, advice);
  }
  const { header, tracks } = midiChunks(bytes, name, omissions);
  const time = timeOf(header, name);
  const events = tracks.flatMap((track, i) => timed(parsed(header, track, name), i, name));
  return { time, events: events.sort((a, b) => a.tick - b.tick) };
}

/** Header and tracks, with their ids and lengths before them. Chunks of other kinds are passed over, as the standard says. */
function midiChunks(bytes: Uint8Array, name: string, omissions: Omissions) {
  if (idAt(bytes, 0) !== HEADER) throw noMidi(name, `it begins with ${beginning(bytes)}`);
  const chunks: { id: string; chunk: Uint8Array }[] = [];
  let at = 0;
  for (; at + 8 <= bytes.length; at += chunks.at(-1)!.chunk.length) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(4);
    const there = bytes.length - at - 8;
    const isMusic = [HEADER, TRACK].includes(idAt(bytes, at));
    if (!isMusic && length > there) break;
    if (length > there) throw damaged(name, `a chunk of ${length} bytes, of which ${there} are there`);
    chunks.push({ id: idAt(bytes, at), chunk: bytes.subarray(at, at + 8 + length) });
  }
  if (chunks.length === 0) throw damaged(name, "its header is cut short");
  const [{ chunk: header }, ...others] = chunks;
  const tracks = others.filter(({ id }) => id === TRACK).map(({ chunk }) => chunk);
  if (header.length < 8 + HEADER_BYTES) throw damaged(name, "its header is cut short");
  const missing = word(header, 2) - tracks.length;
  if (missing > 0 && at < bytes.length) {
    throw damaged(name, `${tracks.length} of ${word(header, 2)} tracks, and the beginning of another`);
  }
  omissions.add("byte", "behind the last track", bytes.length - at);
  omissions.add("chunk", "of other kinds", others.length - tracks.length);
  omissions.add("track", "missing that the header counts", missing);
  if (tracks.length === 0) throw damaged(name, "it has no track");
  return { header, tracks };
}

/** A field of the header. */
function word(header: Uint8Array, at: number): number {
  return header[8 + at] * 256 + header[9 + at];
}

/** Where ticks count parts of a second, a second becomes a beat. Frames of drop-frame time last 1001 / 30000 s. */
function timeOf(header: Uint8Array, name: string): MidiTime {
  const format = word(header, 0);
  if (format > 1) {
    const advice =
      format === 2
        ? "its tracks are pieces of their own: save each as a file of format 0 or 1"
        : "save it as format 0 or 1";
    throw new MusicError("MIDI files of this format are not read", `${name}: format ${format}`, advice);
  }
  const division = word(header, 4);
  if (division === 0) throw damaged(name, "a beat of 0 ticks");
  if (division < 0x8000) return { ticksPerBeat: division, beatsPerMinute: undefined };
  const [frames, ticks] = [256 - (division >> 8), division & 0xff];
  if (![24, 25, 29, 30].includes(frames) || ticks === 0) {
    throw damaged(name, `${frames} frames a second of ${ticks} ticks`);
  }
  return frames === 29
    ? { ticksPerBeat: 30 * ticks, beatsPerMinute: 60_000 / 1001 }
    : { ticksPerBeat: frames * ticks, beatsPerMinute: 60 };
}

function parsed(header: Uint8Array, track: Uint8Array, name: string): MidiEvent[] {
  const file = new Uint8Array(header.length + track.length);
  file.set(header);
  file.set(track, header.length);
  try {
    return parseMidi(file).tracks[0];
  } catch (cause) {
    throw damaged(name, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function timed(events: readonly MidiEvent[], track: number, name: string): TimedEvent[] {
  let tick = 0;
  return events.map((event) => {
    if (!(event.deltaTime >= 0 && event.deltaTime <= MAX_DELTA)) {
      throw damaged(name, `track ${track + 1} goes on by ${event.deltaTime} ticks`);
    }
    for (const value of dataOf(event)) {
      if (!(value >= 0 && value <= 127)) throw damaged(name, `a ${event.type} of ${value}`);
    }
    tick += event.deltaTime;
    return { tick, track, event };
  });
}

/** The data bytes of an event that is read. Where the track ends before them, midi-file gives undefined. */
function dataOf(event: MidiEvent): number[] {
  switch (event.type) {
    case "noteOn":
    case "noteOff":
      return [event.noteNumber, event.velocity];
    case "controller":
      return [event.controllerType, event.value];
    case "programChange":
      return [event.programNumber];
    default:
      return [];
  }
}

function idAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function beginning(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing: 0 bytes";
  return [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function noMidi(name: string, found: string): MusicError {
  return new MusicError("this is no MIDI file", `${name}: ${found}`, "give a Standard MIDI File (.mid)");
}

function damaged(name: string, found: string, cause?: unknown): MusicError {
  const advice = "fetch it again, or save it anew with the program that made it";
  return new MusicError("the MIDI file is damaged", `${name}: ${found}`, advice, { cause });
}
