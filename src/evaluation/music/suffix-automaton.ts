interface State {
  readonly length: number;
  link: number;
  readonly next: Map<number, number>;
  /** Where the first and the last of its occurrences end. */
  readonly first: number;
  last: number;
}

/** All runs of a sequence of whole numbers, in a graph that grows with its length alone. [Blumer et al. 1985] */
export class SuffixAutomaton {
  private readonly states: State[] = [{ length: 0, link: -1, next: new Map(), first: -1, last: -1 }];
  private tip = 0;

  constructor(sequence: ArrayLike<number>) {
    for (let i = 0; i < sequence.length; i++) this.append(sequence[i], i);
    const byLength = this.states.filter(({ link }) => link >= 0).sort((a, b) => b.length - a.length);
    for (const { link, last } of byLength) {
      this.states[link].last = Math.max(this.states[link].last, last);
    }
  }

  /** The length of the longest run that is also one of `other`. */
  longestShared(other: ArrayLike<number>): number {
    let [at, length, longest] = [0, 0, 0];
    for (let i = 0; i < other.length; i++) {
      while (at > 0 && !this.states[at].next.has(other[i])) {
        at = this.states[at].link;
        length = this.states[at].length;
      }
      const next = this.states[at].next.get(other[i]);
      at = next ?? 0;
      length = next === undefined ? 0 : length + 1;
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** The length of the longest run that comes twice without overlapping itself. */
  longestRepeat(): number {
    return this.states.reduce(
      (longest, { length, first, last }) => Math.max(longest, Math.min(length, last - first)),
      0,
    );
  }

  private append(symbol: number, end: number): void {
    const added = this.add(this.states[this.tip].length + 1, end);
    let at = this.tip;
    this.tip = added;
    for (; at >= 0 && !this.states[at].next.has(symbol); at = this.states[at].link) {
      this.states[at].next.set(symbol, added);
    }
    this.states[added].link = at < 0 ? 0 : this.linkFor(at, symbol);
  }

  /** The state of exactly the run that `at` and a symbol make, split from longer ones where needed. */
  private linkFor(at: number, symbol: number): number {
    const long = this.states[at].next.get(symbol)!;
    if (this.states[long].length === this.states[at].length + 1) return long;
    const { next, link, first } = this.states[long];
    const split = this.add(this.states[at].length + 1, first, next, link);
    this.states[long].link = split;
    for (let from = at; from >= 0 && this.states[from].next.get(symbol) === long; ) {
      this.states[from].next.set(symbol, split);
      from = this.states[from].link;
    }
    return split;
  }

  private add(length: number, end: number, next?: ReadonlyMap<number, number>, link = -1): number {
    this.states.push({ length, link, next: new Map(next), first: end, last: end });
    return this.states.length - 1;
  }
}
