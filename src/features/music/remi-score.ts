import type { Note, Score, Tempo, TimeSignature } from "../../data/music/score.js";
import { MusicWordsError } from "./errors.js";
import { RemiGrammar } from "./remi-grammar.js";
import { DRUMS, type Meter, meterOf, partsOf, stepsOfDuration, stepsPerCount } from "./remi-words.js";

const QUARTERS = 4;
/** Of a quarter note: a step of the finest meter, which counts eighths, is a tick. */
const TICKS_PER_BEAT = 2 * stepsPerCount;
const USUAL_TEMPO: Tempo = { tick: 0, beatsPerMinute: 120 };

/** The score that words say. Throws `MusicWordsError` for words that are none, do not follow each other, or break off. */
export function remiScore(words: readonly string[]): Score {
  const grammar = new RemiGrammar();
  const reader = new ScoreReader();
  for (const word of words) {
    grammar.accept(word);
    const { type, value } = partsOf(word)!;
    reader.read(type, value);
  }
  if (grammar.mayEnd) return reader.score();
  throw new MusicWordsError(
    "words of REMI break off",
    words.length === 0 ? "no words" : `the last of ${words.length} is ${words[words.length - 1]}`,
    "give whole notes: program, pitch, velocity and duration",
  );
}

class ScoreReader {
  private readonly notes: Note[] = [];
  private readonly tempos: Tempo[] = [USUAL_TEMPO];
  private readonly signatures: TimeSignature[] = [];
  private meter: Meter | undefined;
  private barTick = 0;
  private tick = 0;
  private note = { program: 0, isDrum: false, pitch: 0, velocity: 0 };

  read(type: string, value: string): void {
    const number = Number(value);
    if (type === "Bar") this.nextBar();
    else if (type === "TimeSig") this.setMeter(meterOf(value));
    else if (type === "Position") this.tick = this.barTick + number * this.stepTicks;
    else if (type === "Tempo") this.setTempo(number);
    else if (type === "Program")
      this.note = { ...this.note, program: Math.max(0, number), isDrum: number === DRUMS };
    else if (type === "Velocity") this.note.velocity = number;
    else if (type === "Duration") this.addNote(stepsOfDuration(value) * this.stepTicks);
    else this.note.pitch = number;
  }

  score(): Score {
    const notes = this.notes.sort((a, b) => a.start - b.start || a.program - b.program || a.pitch - b.pitch);
    return {
      ticksPerBeat: TICKS_PER_BEAT,
      notes,
      tempos: this.tempos,
      timeSignatures: this.signatures,
    };
  }

  private get stepTicks(): number {
    return (QUARTERS * TICKS_PER_BEAT) / ((this.meter?.denominator ?? QUARTERS) * stepsPerCount);
  }

  private nextBar(): void {
    if (this.meter) this.barTick += this.meter.numerator * stepsPerCount * this.stepTicks;
    this.tick = this.barTick;
  }

  private setMeter(meter: Meter): void {
    const { numerator, denominator } = meter;
    const last = this.signatures.at(-1);
    if (last?.numerator !== numerator || last.denominator !== denominator) {
      this.signatures.push({ tick: this.barTick, numerator, denominator });
    }
    this.meter = meter;
  }

  private setTempo(beatsPerMinute: number): void {
    if (this.tick === 0) this.tempos.pop();
    this.tempos.push({ tick: this.tick, beatsPerMinute });
  }

  private addNote(length: number): void {
    this.notes.push({ start: this.tick, end: this.tick + length, ...this.note });
  }
}
