import type { MusicGrammar } from "./alphabet.js";
import { MusicWordsError } from "./errors.js";
import { DRUMS, meterOf, partsOf, stepsPerCount } from "./remi-words.js";

const PITCHES = 128;

/** What may come after a word of each type; "" is the beginning. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  "": ["Bar"],
  Bar: ["TimeSig"],
  TimeSig: ["Position", "Bar"],
  Position: ["Tempo", "Program"],
  Tempo: ["Program", "Position", "Bar"],
  Program: ["Pitch", "PitchDrum"],
  Pitch: ["Velocity"],
  PitchDrum: ["Velocity"],
  Velocity: ["Duration"],
  Duration: ["Program", "Position", "Bar"],
};

/**
 * What may follow words of REMI, so that they are a score: notes are whole, positions rise and lie in their bar, and no
 * note is told twice at one.
 */
export class RemiGrammar implements MusicGrammar {
  private last = "";
  private taken = 0;
  private steps = 0;
  private position = -1;
  private program = 0;
  /** The notes at this position, by program. */
  private pitches = new Map<number, Set<number>>();

  get mayEnd(): boolean {
    return FOLLOWERS[this.last].includes("Bar") && this.last !== "";
  }

  allows(word: string): boolean {
    const parts = partsOf(word);
    if (!parts || !FOLLOWERS[this.last].includes(parts.type)) return false;
    const { type, value } = parts;
    const number = Number(value);
    switch (type) {
      case "Position":
        return number > this.position && number < this.steps;
      case "Program":
        return (this.pitches.get(number)?.size ?? 0) < PITCHES;
      case "Pitch":
      case "PitchDrum": {
        const isDrum = type === "PitchDrum";
        return isDrum === (this.program === DRUMS) && !this.pitches.get(this.program)?.has(number);
      }
      default:
        return true;
    }
  }

  /** Throws `MusicWordsError` for a word that may not come here. */
  accept(word: string): void {
    if (!this.allows(word)) throw this.refusal(word);
    const { type, value } = partsOf(word)!;
    this.taken++;
    this.last = type;
    if (type === "Bar") this.moveTo(-1);
    else if (type === "TimeSig") this.steps = meterOf(value).numerator * stepsPerCount;
    else if (type === "Position") this.moveTo(Number(value));
    else if (type === "Program") this.program = Number(value);
    else if (type === "Pitch" || type === "PitchDrum") this.add(Number(value));
  }

  private moveTo(position: number): void {
    this.position = position;
    this.pitches = new Map();
  }

  private add(pitch: number): void {
    const pitches = this.pitches.get(this.program) ?? new Set();
    this.pitches.set(this.program, pitches.add(pitch));
  }

  private refusal(word: string): MusicWordsError {
    const after = this.last === "" ? "at the beginning" : `after ${this.last}`;
    const followers = FOLLOWERS[this.last].join(", ");
    return new MusicWordsError(
      "words of REMI do not follow each other",
      `word ${this.taken + 1} is ${word.slice(0, 40) || "empty"}; ${after} may come: ${followers}`,
      "give words that MidiTok's REMI writes, whole notes in rising positions and none of them twice",
    );
  }
}
