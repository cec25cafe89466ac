import { type Settled, SettlingText } from "./settling.js";
import { confidenceOf, type Transcript, textOf, type Word } from "./transcript.js";

/** Hears samples of 16 kHz. */
export type HearWords = (samples: Float32Array) => Promise<readonly Word[]>;

const RATE = 16_000;
/** Seconds of new sound after which all that is held is heard again; less is not heard at all. */
const STEP = 1;
const SHORTEST = 0.1;
/** Seconds that are held: at most, after older sound was let go, and before the first word that is still open. */
const LONGEST = 18;
const KEPT = 6;
const BEFORE = 1;

/**
 * Writes down a sound while it grows, such as that of a microphone. The last seconds are heard again with every second that
 * comes, and what two hearings in a row agree on is settled. Pushes follow each other: one ends before the next begins.
 */
export class LiveTranscript {
  private readonly text = new SettlingText();
  private readonly words: Word[] = [];
  private open: readonly Word[] = [];
  private held: Float32Array = new Float32Array();
  /** Samples of the sound before those that are held, and of these the ones that are new. */
  private before = 0;
  private fresh = 0;

  constructor(private readonly hear: HearWords) {}

  /** Of the sound so far, in seconds. */
  get duration(): number {
    return (this.before + this.held.length) / RATE;
  }

  /** Takes samples of 16 kHz; gives the words that are settled since the last call, and those that are open. */
  async push(samples: Float32Array): Promise<Settled> {
    const held = new Float32Array(this.held.length + samples.length);
    held.set(this.held);
    held.set(samples, this.held.length);
    this.held = held;
    this.fresh += samples.length;
    const settled: Word[] = [];
    if (this.fresh >= STEP * RATE) {
      settled.push(...(await this.listen()));
      settled.push(...this.letGo());
    }
    return { settled, open: this.open };
  }

  /** The sound is over: hears what is new, and gives all that was said. */
  async end(): Promise<Transcript> {
    if (this.fresh > 0 && this.held.length >= SHORTEST * RATE) await this.listen();
    this.settleAll();
    return { text: textOf(this.words), words: this.words, confidence: confidenceOf(this.words) };
  }

  /** Gives what is newly settled. */
  private async listen(): Promise<readonly Word[]> {
    const words = await this.hear(this.held);
    const shift = this.before / RATE;
    const { settled, open } = this.text.push(
      words.map((word) => ({ ...word, start: word.start + shift, end: word.end + shift })),
    );
    this.fresh = 0;
    this.open = open;
    return this.keep(settled);
  }

  private settleAll(): readonly Word[] {
    this.open = [];
    return this.keep(this.text.end());
  }

  private keep(settled: readonly Word[]): readonly Word[] {
    const news = settled.slice(this.words.length);
    this.words.push(...news);
    return news;
  }

  /** Lets the beginning of a long sound go; what has not settled in all that time is settled as it is. */
  private letGo(): readonly Word[] {
    if (this.held.length <= LONGEST * RATE) return [];
    const isOld = this.open.length > 0 && this.duration - this.open[0].start > LONGEST - BEFORE;
    const news = isOld ? this.settleAll() : [];
    const latest = this.duration - KEPT;
    const from = this.open.length > 0 ? Math.min(latest, this.open[0].start - BEFORE) : latest;
    const cut = Math.max(0, Math.round(from * RATE) - this.before);
    this.held = this.held.slice(cut);
    this.before += cut;
    return news;
  }
}
