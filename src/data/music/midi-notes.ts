import type { TimedEvent } from "./midi-events.js";
import type { Omissions } from "./omissions.js";
import type { Note } from "./score.js";

/** Channel 10, as people count them. */
export const DRUM_CHANNEL = 9;
const SUSTAIN_PEDAL = 64;
/** A pedal is down from here on. [General MIDI] */
const PEDAL_DOWN = 64;

type OpenNote = { -readonly [Key in keyof Note]: Note[Key] };

/**
 * The notes of events, in the order of a score. Of overlapping notes of one pitch the first to begin is the first to end;
 * a note whose end is missing lasts until the last event. While the sustain pedal is down, notes last until it goes up or
 * their key is struck again; drums have none.
 */
export function notesOf(events: readonly TimedEvent[], omissions: Omissions): Note[] {
  const keys = new Keys(omissions);
  const programs = new Programs();
  for (const { tick, track, event } of events) {
    switch (event.type) {
      case "noteOn": {
        const program = programs.of(track, event.channel);
        keys.press(tick, track, event.channel, event.noteNumber, event.velocity, program);
        break;
      }
      case "noteOff":
        keys.release(tick, track, event.channel, event.noteNumber);
        break;
      case "programChange":
        programs.change(track, event.channel, event.programNumber);
        break;
      case "controller":
        if (event.controllerType === SUSTAIN_PEDAL) keys.pedal(tick, event.channel, event.value);
        else omissions.add("controller change", "other than the sustain pedal");
        break;
      case "pitchBend":
        omissions.add("pitch bend", "not kept");
    }
  }
  return keys.finished(events.at(-1)?.tick ?? 0);
}

/** The instruments of channels: what a track says itself goes before what another says about its channel. */
class Programs {
  private readonly ofTracks = new Map<number, number>();
  private readonly ofChannels = new Map<number, number>();

  change(track: number, channel: number, program: number): void {
    this.ofTracks.set(track * 16 + channel, program);
    this.ofChannels.set(channel, program);
  }

  of(track: number, channel: number): number {
    return this.ofTracks.get(track * 16 + channel) ?? this.ofChannels.get(channel) ?? 0;
  }
}

class Keys {
  private readonly notes: OpenNote[] = [];
  private readonly pressed = new Map<number, OpenNote[]>();
  /** By channel, of those whose pedal is down: notes whose keys are released. */
  private readonly sustained = new Map<number, Map<number, OpenNote>>();

  constructor(private readonly omissions: Omissions) {}

  press(tick: number, track: number, channel: number, pitch: number, velocity: number, program: number) {
    const key = keyOf(track, channel, pitch);
    this.damp(tick, channel, key);
    const note = { start: tick, end: tick, pitch, velocity, program, isDrum: channel === DRUM_CHANNEL };
    this.notes.push(note);
    const before = this.pressed.get(key);
    if (before) before.push(note);
    else this.pressed.set(key, [note]);
  }

  release(tick: number, track: number, channel: number, pitch: number): void {
    const key = keyOf(track, channel, pitch);
    const note = this.pressed.get(key)?.shift();
    if (!note) {
      this.omissions.add("note end", "without a note");
      return;
    }
    note.end = tick;
    this.damp(tick, channel, key);
    this.sustained.get(channel)?.set(key, note);
  }

  pedal(tick: number, channel: number, value: number): void {
    if (channel === DRUM_CHANNEL) return;
    if (value >= PEDAL_DOWN) {
      if (!this.sustained.has(channel)) this.sustained.set(channel, new Map());
      return;
    }
    for (const key of this.sustained.get(channel)?.keys() ?? []) this.damp(tick, channel, key);
    this.sustained.delete(channel);
  }

  /** All notes; those that still sound end at `tick`. */
  finished(tick: number): Note[] {
    for (const channel of this.sustained.keys()) this.pedal(tick, channel, 0);
    for (const note of [...this.pressed.values()].flat()) {
      this.omissions.add("note", "without an end, held to the end of the piece");
      note.end = tick;
    }
    const notes = this.notes.filter(({ start, end }) => end > start);
    this.omissions.add("note", "without length", this.notes.length - notes.length);
    return notes.sort((a, b) => a.start - b.start || a.program - b.program || a.pitch - b.pitch);
  }

  /** Ends a note that only the pedal holds. */
  private damp(tick: number, channel: number, key: number): void {
    const held = this.sustained.get(channel);
    const note = held?.get(key);
    if (!note) return;
    held?.delete(key);
    if (tick > note.end) this.omissions.add("note", "held longer by the pedal");
    note.end = tick;
  }
}

function keyOf(track: number, channel: number, pitch: number): number {
  return (track * 16 + channel) * 128 + pitch;
}
