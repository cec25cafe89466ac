import { type Edit, edits } from "./edits.js";

/** What was said, and what was written down; both normalised. */
export interface Utterance {
  readonly reference: string;
  readonly hypothesis: string;
  readonly speaker?: string;
}

/** What is counted: words, or characters (code points) with the spaces between words. */
export type Unit = "word" | "character";

/** Errors over all utterances together. */
export interface ErrorRate {
  /** Edits over `length`; where no reference says anything, the insertions, as in jiwer. */
  readonly rate: number;
  readonly substitutions: number;
  readonly deletions: number;
  readonly insertions: number;
  readonly hits: number;
  /** Of the references. */
  readonly length: number;
  readonly utterances: number;
  /** Those of which nothing was written though something was said: all deletions. */
  readonly emptyHypotheses: number;
}

/** What was written for something else; undefined is nothing: then it was inserted or deleted. */
export interface Confusion extends Edit {
  readonly count: number;
}

/** The word or character error rate of a corpus (WER, CER), counted as jiwer does. */
export function errorRate(utterances: Iterable<Utterance>, unit: Unit): ErrorRate {
  const counts = { substitutions: 0, deletions: 0, insertions: 0, hits: 0, length: 0 };
  let [total, emptyHypotheses] = [0, 0];
  for (const { reference, hypothesis } of utterances) {
    const way = edits(unitsOf(reference, unit), unitsOf(hypothesis, unit));
    for (const edit of way) {
      counts[kindOf(edit)]++;
      if (edit.reference !== undefined) counts.length++;
    }
    total++;
    if (way.length > 0 && way.every((edit) => edit.hypothesis === undefined)) emptyHypotheses++;
  }
  const errors = counts.substitutions + counts.deletions + counts.insertions;
  return { rate: errors / Math.max(1, counts.length), ...counts, utterances: total, emptyHypotheses };
}

/** The error rate of each speaker, in the order in which they come; utterances without one count as "". */
export function errorRatesBySpeaker(utterances: Iterable<Utterance>, unit: Unit): Map<string, ErrorRate> {
  const bySpeaker = new Map<string, Utterance[]>();
  for (const utterance of utterances) {
    const { speaker = "" } = utterance;
    const theirs = bySpeaker.get(speaker);
    if (theirs) theirs.push(utterance);
    else bySpeaker.set(speaker, [utterance]);
  }
  return new Map([...bySpeaker].map(([speaker, theirs]) => [speaker, errorRate(theirs, unit)]));
}

/** What is mistaken for what, most frequent first; of equally frequent ones, by the reference. */
export function confusions(utterances: Iterable<Utterance>, unit: Unit): Confusion[] {
  const found = new Map<string, { edit: Edit; count: number }>();
  for (const { reference, hypothesis } of utterances) {
    for (const edit of edits(unitsOf(reference, unit), unitsOf(hypothesis, unit))) {
      if (kindOf(edit) === "hits") continue;
      const key = JSON.stringify([edit.reference, edit.hypothesis]);
      const known = found.get(key) ?? { edit, count: 0 };
      found.set(key, { edit, count: known.count + 1 });
    }
  }
  const sorted = [...found].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
  return sorted.map(([, { edit, count }]) => ({ ...edit, count }));
}

function kindOf({ reference, hypothesis }: Edit): "substitutions" | "deletions" | "insertions" | "hits" {
  if (reference === hypothesis) return "hits";
  if (hypothesis === undefined) return "deletions";
  return reference === undefined ? "insertions" : "substitutions";
}

function unitsOf(text: string, unit: Unit): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  return unit === "word" ? words : [...words.join(" ")];
}
