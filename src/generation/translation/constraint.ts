/** What a translation must and must not hold. */

/** What may follow one beginning of a translation. Immutable: beams that share a beginning share it. */
export interface Constraint {
  /**
   * Sets the log-probabilities [v] of tokens that may not come next to -Infinity; at least one stays. `left` tokens
   * may still be written, the end of text among them.
   */
  mask(next: Float32Array, left: number): void;
  /** What holds after one more token, which `mask` allowed. */
  after(id: number): Constraint;
  /** Equal for beginnings that have equally much of what is required. */
  readonly progress: number;
  /** Tokens that bring what is required nearer. */
  readonly wanted: readonly number[];
  /** Fewest tokens, without the end of text, in which everything required can be written. */
  readonly needed: number;
}

/** One way to write a required term, in tokens. */
export interface Form {
  readonly ids: readonly number[];
  /** It is asked for at the beginning of a text only, as a word without the space before it; it counts anywhere. */
  readonly onlyFirst?: boolean;
}

/** What must come once, in one of its forms, at least one of which may stand anywhere. */
export type Term = readonly Form[];

/** Every term must come, and these tokens only as part of one. */
export interface Requirements {
  readonly terms: readonly Term[];
  /** Tokens that must not come but as a term of their own: placeholders, tokens with a meaning of their own. */
  readonly exclusive: readonly number[];
  readonly endOfText: number;
}

/**
 * Terms that must each come once: no end of text before, and when no more than their tokens are left, nothing else. An
 * occurrence counts for one term. With the banks of `beamSearch` this is dynamic beam allocation (Post and Vilar 2018).
 */
export function requiring(requirements: Requirements): Constraint {
  return new Required(requirements, requirements.terms, [], true);
}

/** A form of which the newest tokens are the first `count`. */
interface Match {
  readonly term: Term;
  readonly form: Form;
  readonly count: number;
}

class Required implements Constraint {
  /** Tokens that all unmet terms take from their beginning on. */
  private readonly whole: number;

  constructor(
    private readonly requirements: Requirements,
    private readonly unmet: readonly Term[],
    private readonly matches: readonly Match[],
    private readonly isFirst: boolean,
  ) {
    this.whole = unmet.reduce((sum, term) => sum + shortest(term).ids.length, 0);
  }

  get progress(): number {
    return Math.max(0, ...this.matches.map(({ count }) => count)) - this.whole;
  }

  get wanted(): readonly number[] {
    const forms = this.unmet.flat().filter(({ onlyFirst }) => this.isFirst || !onlyFirst);
    const starts = forms.map(({ ids }) => ids[0]);
    return [...this.matches.map(({ form, count }) => form.ids[count]), ...starts];
  }

  get needed(): number {
    return Math.min(this.whole, ...this.matches.map((match) => this.neededWith(match)));
  }

  mask(next: Float32Array, left: number): void {
    const { exclusive, endOfText } = this.requirements;
    const wanted = new Set(this.wanted);
    for (const id of exclusive) if (!wanted.has(id)) next[id] = Number.NEGATIVE_INFINITY;
    if (this.unmet.length === 0) return;
    next[endOfText] = Number.NEGATIVE_INFINITY;
    // A token and the end of text taken off: one that breaks a match off would leave too few.
    if (left - 2 < this.whole) keepOnly(next, this.shortestWay());
  }

  after(id: number): Constraint {
    if (this.unmet.length === 0) return this;
    const going = this.matches.filter(({ form, count }) => form.ids[count] === id);
    const begun = this.unmet.flatMap((term) =>
      term.filter((form) => form.ids[0] === id).map((form) => ({ term, form, count: 0 })),
    );
    const matches = [...going, ...begun].map((match) => ({ ...match, count: match.count + 1 }));
    const met = matches
      .filter(({ form, count }) => count === form.ids.length)
      .reduce<Match | undefined>(
        (best, match) => (best && best.count >= match.count ? best : match),
        undefined,
      );
    const unmet = met ? this.unmet.toSpliced(this.unmet.indexOf(met.term), 1) : this.unmet;
    const open = matches.filter(({ term, form, count }) => count < form.ids.length && unmet.includes(term));
    return new Required(this.requirements, unmet, open, false);
  }

  private neededWith({ term, form, count }: Match): number {
    return this.whole - shortest(term).ids.length + form.ids.length - count;
  }

  /** The tokens after which one less is needed. */
  private shortestWay(): number[] {
    const { needed } = this;
    const going = this.matches.filter((match) => this.neededWith(match) === needed);
    const begun = needed === this.whole ? this.unmet.map((term) => shortest(term).ids[0]) : [];
    return [...going.map(({ form, count }) => form.ids[count]), ...begun];
  }
}

function shortest(term: Term): Form {
  const anywhere = term.filter(({ onlyFirst }) => !onlyFirst);
  return anywhere.reduce((best, form) => (form.ids.length < best.ids.length ? form : best));
}

function keepOnly(next: Float32Array, ids: readonly number[]): void {
  const kept = ids.map((id) => next[id]);
  next.fill(Number.NEGATIVE_INFINITY);
  for (const [i, id] of ids.entries()) next[id] = kept[i];
}
