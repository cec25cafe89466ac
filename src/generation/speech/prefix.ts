import { WORD_DELIMITER } from "../../features/tokenizer/ctc-vocabulary.js";
import type { WordFusion } from "./word-fusion.js";

const NONE = Number.NEGATIVE_INFINITY;

/** What the prefixes of one search share. */
export interface PrefixTree {
  readonly tokens: readonly string[];
  readonly fusion: WordFusion;
}

/** The beginning of a transcript in a tree of such; what is known of it after a frame, and what the next one adds. */
export class Prefix {
  /** Log-probabilities of all paths that end in a blank, and of those that end in the last label. */
  blank = NONE;
  label = NONE;
  /** Of both. */
  acoustic = NONE;
  /** With the bonus. */
  score = NONE;
  nextBlank = NONE;
  nextLabel = NONE;
  /** What words add to the acoustic score: the whole ones, and with the beginning of another. */
  readonly wordsBonus: number;
  readonly bonus: number;
  /** Of the word that is not yet complete. */
  readonly letters: string;
  readonly context: readonly string[];
  /** Made when it is needed: most prefixes never have any. */
  private children: Map<number, Prefix> | undefined;

  constructor(
    private readonly tree: PrefixTree,
    readonly id: number,
    readonly parent: Prefix | undefined,
  ) {
    const { fusion, tokens } = tree;
    const isDelimiter = tokens[id] === WORD_DELIMITER;
    const completed = isDelimiter ? parent!.completed() : undefined;
    this.wordsBonus = completed?.bonus ?? parent?.wordsBonus ?? 0;
    this.context = completed?.context ?? parent?.context ?? fusion.start;
    this.letters = parent === undefined || isDelimiter ? "" : parent.letters + tokens[id];
    this.bonus = this.wordsBonus + fusion.beginning(this.letters);
  }

  /** The prefix with one more label, if it is in the tree. */
  child(id: number): Prefix | undefined {
    return this.children?.get(id);
  }

  /** Puts the prefix with one more label into the tree. */
  extend(id: number): Prefix {
    const child = new Prefix(this.tree, id, this);
    this.children ??= new Map();
    this.children.set(id, child);
    return child;
  }

  /** With the word complete that it ends in, if any: what all words add, and the context they make. */
  completed(): { readonly bonus: number; readonly context: readonly string[] } {
    const { letters, context, wordsBonus, tree } = this;
    if (letters === "") return { bonus: wordsBonus, context };
    const bonus = wordsBonus + tree.fusion.word(context, letters);
    return { bonus, context: tree.fusion.after(context, letters) };
  }

  /** The next frame becomes this one. */
  advance(): void {
    this.blank = this.nextBlank;
    this.label = this.nextLabel;
    this.acoustic = logAdd(this.blank, this.label);
    this.score = this.acoustic + this.bonus;
    this.nextBlank = NONE;
    this.nextLabel = NONE;
  }

  /** Leaves the search. A prefix with longer ones in it stays in the tree, so that it is found again as the same. */
  drop(): void {
    this.blank = NONE;
    this.label = NONE;
    this.acoustic = NONE;
    this.score = NONE;
    if (!this.children?.size) this.parent?.children?.delete(this.id);
  }

  /** From the first. */
  labels(): number[] {
    const labels: number[] = [];
    for (let at: Prefix = this; at.parent !== undefined; at = at.parent) labels.push(at.id);
    return labels.reverse();
  }
}

/** log(exp(a) + exp(b)). */
export function logAdd(a: number, b: number): number {
  const larger = Math.max(a, b);
  return larger === NONE ? NONE : larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
}
