import type { Omissions } from "../../data/music/omissions.js";
import type { Score } from "../../data/music/score.js";
import { lastAtMost } from "../../data/music/score-time.js";
import { type Meter, stepsPerCount, wordedMeter } from "./remi-words.js";

const USUAL: Meter = { numerator: 4, denominator: 4 };
const QUARTERS = 4;

/** Bars of one meter, from one on. */
interface Section extends Meter {
  readonly tick: number;
  readonly bar: number;
}

/** A step of a bar. */
export interface Place {
  readonly bar: number;
  readonly position: number;
  /** Ticks of a step there. */
  readonly stepTicks: number;
  /** Quarter notes from the tick that was placed to here. */
  readonly displacement: number;
}

/** The bars of a score: time signatures hold from the beginning of the next bar on, as MidiTok has them. */
export class RemiBars {
  private readonly sections: Section[] = [{ ...USUAL, tick: 0, bar: 0 }];

  constructor(
    private readonly score: Score,
    omissions: Omissions,
  ) {
    for (const { tick, numerator, denominator } of score.timeSignatures) {
      const meter = wordedMeter({ numerator, denominator });
      if (!meter) omissions.add("time signature", "that no word has, passed over");
      else if (this.begin(meter, tick)) omissions.add("time signature", "moved to the next bar");
    }
  }

  /** The meter of a bar. */
  meter(bar: number): Meter {
    return this.sections[this.sectionOf((section) => section.bar <= bar)];
  }

  /** The step nearest to a tick, of two the later. */
  place(tick: number): Place {
    const i = this.sectionOf((section) => section.tick <= tick);
    const section = this.sections[i];
    const steps = Math.round(
      ((tick - section.tick) * section.denominator * stepsPerCount) / (QUARTERS * this.score.ticksPerBeat),
    );
    const perBar = section.numerator * stepsPerCount;
    const [bar, position] = [section.bar + Math.floor(steps / perBar), steps % perBar];
    const displacement = (section.tick + steps * this.stepTicks(section) - tick) / this.score.ticksPerBeat;
    return { bar, position, displacement, stepTicks: this.stepTicks(this.meter(bar)) };
  }

  /** Gives whether the meter begins later than asked for. */
  private begin(meter: Meter, tick: number): boolean {
    const last = this.sections[this.sections.length - 1];
    if (isEqual(last, meter)) return false;
    const barTicks = last.numerator * stepsPerCount * this.stepTicks(last);
    const bars = Math.max(0, Math.ceil((tick - last.tick) / barTicks));
    const section = { ...meter, tick: last.tick + bars * barTicks, bar: last.bar + bars };
    if (bars === 0) this.sections.pop();
    const before = this.sections.at(-1);
    if (!before || !isEqual(before, meter)) this.sections.push(section);
    return section.tick > tick;
  }

  private sectionOf(begins: (section: Section) => boolean): number {
    return lastAtMost(this.sections.length, (i) => begins(this.sections[i]));
  }

  private stepTicks({ denominator }: Meter): number {
    return (QUARTERS * this.score.ticksPerBeat) / (denominator * stepsPerCount);
  }
}

function isEqual(a: Meter, b: Meter): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}
