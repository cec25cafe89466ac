import { counted } from "../../core/quantities.js";
import { DataError } from "../../files/errors.js";
import { heldOutKeys } from "../held-out-keys.js";
import type { Recording } from "./recording.js";

/** Recordings to learn from and to validate with. */
export interface SplitRecordings {
  readonly train: readonly Recording[];
  readonly validation: readonly Recording[];
  /** Those that the set itself keeps for testing, beside its own for validation. */
  readonly test: readonly Recording[];
  /** Which split it is and why, for the log. */
  readonly how: string;
}

/** What a split is by when the set has none. */
interface SplitOptions {
  /** Of the recordings, above 0 and below 1. */
  readonly validationFraction: number;
  readonly seed: number;
}

/** What must not be on both sides of a split: voices, sessions, sentences. */
interface Kind {
  readonly name: string;
  readonly reason: string;
  /** Recordings without one are learned from. */
  keyOf(recording: Recording): string | undefined;
  readonly atLeast: number;
}

const KINDS: readonly Kind[] = [
  {
    name: "speaker",
    reason: "no voice is on both sides",
    keyOf: ({ speaker }) => speaker,
    atLeast: 3,
  },
  {
    name: "group",
    reason: "no session or book is on both sides",
    keyOf: ({ group }) => group,
    atLeast: 3,
  },
  { name: "text", reason: "no sentence is on both sides", keyOf: sentenceOf, atLeast: 2 },
];
const SHOWN = 3;

/**
 * The set's own splits where it has them; else by speaker, of at least three, unless there are groups and one speaker says more
 * than a third; else by group, of at least three; else by
 * the text without case and punctuation. What goes to validation depends on the seed and on the names alone, not on the
 * order; it is at most the fraction asked for, unless one speaker, group or text already is more.
 * @throws DataError when there is nothing to validate with.
 */
export function splitRecordings(recordings: readonly Recording[], options: SplitOptions): SplitRecordings {
  const own = ownSplits(recordings);
  if (own) return own;
  const trainable = recordings.filter(({ split }) => split === undefined || split === "train");
  const all = trainable.length > 0 ? trainable : recordings;
  for (const kind of hasLeadingVoice(all) ? KINDS.slice(1) : KINDS) {
    const split = splitBy(kind, all, options);
    if (split) return split;
  }
  throw new DataError(
    "there are too few recordings to learn from some and validate with others",
    counted(recordings.length, "recording"),
    "give recordings of two sentences at least",
  );
}

/** Whether one voice says more than a third: of a dialogue the minor voices alone would be held out. */
function hasLeadingVoice(recordings: readonly Recording[]): boolean {
  if (recordings.some(({ group }) => group === undefined)) return false;
  const counts = new Map<string | undefined, number>();
  for (const { speaker } of recordings) counts.set(speaker, (counts.get(speaker) ?? 0) + 1);
  return Math.max(...counts.values()) > recordings.length / 3;
}

function ownSplits(recordings: readonly Recording[]): SplitRecordings | undefined {
  const those = (split: Recording["split"]) => recordings.filter((recording) => recording.split === split);
  const [learned, validation, test] = [those("train"), those("validation"), those("test")];
  if (learned.length === 0 || validation.length + test.length === 0) return undefined;
  const train = recordings.filter(({ split }) => split === "train" || split === undefined);
  const has = validation.length > 0 ? "validation" : "test";
  const held = has === "validation" ? validation : test;
  return {
    train,
    validation: held,
    test: has === "validation" ? test : [],
    how: `validation is the set's own ${has} split: ${shareOf(held, recordings)}`,
  };
}

function splitBy(
  { name, reason, keyOf, atLeast }: Kind,
  recordings: readonly Recording[],
  { validationFraction, seed }: SplitOptions,
): SplitRecordings | undefined {
  const sizes = new Map<string, number>();
  for (const recording of recordings) {
    const key = keyOf(recording);
    if (key !== undefined) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  }
  if (sizes.size < atLeast) return undefined;
  const held = heldOutKeys(sizes, recordings.length * validationFraction, seed);
  const isHeld = (recording: Recording) => held.has(keyOf(recording) ?? "");
  const validation = recordings.filter(isHeld);
  const which = name === "text" ? "" : ` (${namesOf([...held])})`;
  return {
    train: recordings.filter((recording) => !isHeld(recording)),
    validation,
    test: [],
    how: `validation is ${counted(held.size, name)} of ${sizes.size}${which}, so that ${reason}: ${shareOf(validation, recordings)}`,
  };
}

/** What is said without case and punctuation; each recording without a text stands for itself. */
function sentenceOf({ text, id, source }: Recording): string {
  const words = text
    ?.toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim();
  return words || `${id} ${source}`;
}

function namesOf(keys: readonly string[]): string {
  const more = keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : "";
  return keys.slice(0, SHOWN).join(", ") + more;
}

function shareOf(held: readonly Recording[], all: readonly Recording[]): string {
  return `${held.length.toLocaleString("en")} of ${counted(all.length, "recording")}`;
}
