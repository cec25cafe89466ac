import type { MidiEvent } from "midi-file";
import { MusicError } from "./errors.js";
import { type MidiTime, midiEvents, type TimedEvent } from "./midi-events.js";
import { notesOf } from "./midi-notes.js";
import { describeOmissions, type Omission, Omissions } from "./omissions.js";
import type { Score, Tempo, TimeSignature } from "./score.js";

/** What a MIDI file says. */
export interface MidiRead {
  readonly score: Score;
  /** What of the file the score does not hold as it was. */
  readonly leftOut: readonly Omission[];
}

const DEFAULT_TEMPO: Tempo = { tick: 0, beatsPerMinute: 120 };
const DEFAULT_SIGNATURE: TimeSignature = { tick: 0, numerator: 4, denominator: 4 };
const MICROSECONDS = 60_000_000;
const MAX_DENOMINATOR = 64;

/**
 * Reads a Standard MIDI File of format 0 or 1. Notes on channel 10 are drums. The sustain pedal makes notes longer, and
 * is then gone; see `notesOf`. Where ticks count frames of film, a beat of the score is a second.
 * @throws MusicError naming `name` for a file that is none, damaged, cut short, over 4 MiB, of format 2, or without notes.
 */
export function readMidi(bytes: Uint8Array, name: string): MidiRead {
  const omissions = new Omissions();
  const { time, events } = midiEvents(bytes, name, omissions);
  const notes = notesOf(events, omissions);
  if (notes.length === 0) {
    const found = describeOmissions(omissions.list).join(", ");
    throw new MusicError("the MIDI file has no notes", `${name}: ${found || "none"}`, "give one with notes");
  }
  const tempos = temposOf(events, time, omissions);
  const timeSignatures = signaturesOf(events, omissions);
  countTexts(events, omissions);
  return {
    score: { ticksPerBeat: time.ticksPerBeat, notes, tempos, timeSignatures },
    leftOut: omissions.list,
  };
}

function temposOf(
  events: readonly TimedEvent[],
  { beatsPerMinute }: MidiTime,
  omissions: Omissions,
): Tempo[] {
  if (beatsPerMinute !== undefined) return [{ tick: 0, beatsPerMinute }];
  const tempos = [DEFAULT_TEMPO];
  for (const { tick, event } of events) {
    if (event.type !== "setTempo") continue;
    if (event.microsecondsPerBeat > 0) {
      put(tempos, { tick, beatsPerMinute: MICROSECONDS / event.microsecondsPerBeat });
    } else omissions.add("tempo", "that is none");
  }
  return tempos;
}

function signaturesOf(events: readonly TimedEvent[], omissions: Omissions): TimeSignature[] {
  const signatures = [DEFAULT_SIGNATURE];
  for (const { tick, event } of events) {
    if (event.type !== "timeSignature") continue;
    const { numerator, denominator } = event;
    if (numerator > 0 && denominator > 0 && denominator <= MAX_DENOMINATOR) {
      put(signatures, { tick, numerator, denominator });
    } else omissions.add("time signature", "that is none");
  }
  return signatures;
}

/** Appends a change. Of several at one tick the last holds. */
function put<T extends { readonly tick: number }>(changes: T[], change: T): void {
  if (changes.at(-1)?.tick === change.tick) changes.pop();
  changes.push(change);
}

const TEXTS: readonly MidiEvent["type"][] = ["text", "lyrics", "marker", "cuePoint"];

function countTexts(events: readonly TimedEvent[], omissions: Omissions): void {
  const count = (types: readonly MidiEvent["type"][]) =>
    events.filter(({ event }) => types.includes(event.type)).length;
  omissions.add("key signature", "not kept", count(["keySignature"]));
  omissions.add("text", "not kept", count(TEXTS));
  omissions.add("system message", "not kept", count(["sysEx", "endSysEx"]));
}
