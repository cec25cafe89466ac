import { GenerationError } from "../errors.js";
import type { Word } from "./transcript.js";

/** Words of a growing sound: those that stay as they are, and those that later sound may still change. */
export interface Settled {
  readonly settled: readonly Word[];
  readonly open: readonly Word[];
}

/**
 * Text that settles while a sound grows: words are settled when as many hypotheses in a row as `agreement` begin with
 * them (local agreement; Liu et al. 2020), and never change again. Times are those of the whole sound: a word counts
 * as new where its middle lies after the last settled word, so hypotheses may leave the beginning of the sound out.
 */
export class SettlingText {
  private readonly settled: Word[] = [];
  private hypotheses: (readonly Word[])[] = [];

  /** Throws `GenerationError` where nothing would have to agree. */
  constructor(private readonly agreement = 2) {
    if (Number.isInteger(agreement) && agreement >= 1) return;
    throw new GenerationError(
      "no text settles by this agreement",
      `${agreement}`,
      "give a whole number from 1 on",
    );
  }

  /** Takes the words of the sound as it is now. */
  push(words: readonly Word[]): Settled {
    this.hypotheses = [...this.hypotheses, words].slice(-this.agreement);
    if (this.hypotheses.length === this.agreement) {
      const fresh = this.hypotheses.map((hypothesis) => this.fresh(hypothesis));
      const last = fresh.at(-1)!;
      let agreed = 0;
      while (agreed < last.length && fresh.every((other) => other[agreed]?.text === last[agreed].text))
        agreed++;
      this.settled.push(...last.slice(0, agreed));
    }
    return { settled: [...this.settled], open: this.fresh(words) };
  }

  /** The sound is over: what the last hypothesis has is settled. */
  end(): readonly Word[] {
    this.settled.push(...this.fresh(this.hypotheses.at(-1) ?? []));
    this.hypotheses = [];
    return [...this.settled];
  }

  /** The words after the settled ones. */
  private fresh(words: readonly Word[]): readonly Word[] {
    const until = this.settled.at(-1)?.end ?? Number.NEGATIVE_INFINITY;
    return words.filter(({ start, end }) => (start + end) / 2 > until);
  }
}
