/** How good an answer is, by rules that can be checked. */
import { DataError } from "../../files/errors.js";
import { answerWords, holdsAnswer } from "../notes/answer-words.js";

/** The reward, from 0 to 1, of an answer where `right` is right. */
export type Reward = (answer: string, right: unknown) => number;

/** What rules there are. */
export const rewardRules = ["exact", "contains", "number", "json", "words"] as const;
export type RewardRule = (typeof rewardRules)[number];

/** A sign behind a digit is an operator's. */
const numbers = /(?<![\d.])-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?(?:\/\d+)?/gi;

export const rewards: Readonly<Record<RewardRule, Reward>> = {
  /** The same text, apart from white space at both ends. */
  exact: (answer, right) => Number(answer.trim() === textOf(right).trim()),
  /** Its words stand in a row, whatever their case and punctuation. */
  contains: (answer, right) => Number(holdsAnswer(answer, textOf(right))),
  /** The last number is the right one; a comma between thousands is none of its digits, a fraction no number. */
  number: (answer, right) => {
    const last = answer
      .replaceAll("\u2212", "-")
      .replace(/(?<=\d),(?=\d{3}(?!\d))/g, "")
      .match(numbers)
      ?.at(-1);
    return Number(last !== undefined && Number(last) === Number(right));
  },
  /**
   * JSON and nothing else, that equals it; of two objects the share of fields that are equal, among all that either
   * has.
   */
  json: (answer, right) => {
    let found: unknown;
    try {
      found = JSON.parse(answer);
    } catch {
      return 0;
    }
    if (!isObject(found) || !isObject(right)) return Number(isEqual(found, right));
    const names = [...new Set([...Object.keys(found), ...Object.keys(right)])];
    const equal = names.filter(
      (name) => has(found, name) && has(right, name) && isEqual(found[name], right[name]),
    );
    return names.length === 0 ? 1 : equal.length / names.length;
  },
  /** It says something in at most so many words; of more, that share of them. */
  words: (answer, right) => {
    const { length } = answerWords(answer);
    return length === 0 ? 0 : Math.min(1, Number(right) / length);
  },
};

/** Throws `DataError` for what no answer, or every one, would have a reward by the rule. */
export function checkRight(rule: RewardRule, right: unknown): void {
  const refuse = (advice: string) =>
    new DataError("a rule can do nothing with what is right", `${rule}, ${JSON.stringify(right)}`, advice);
  if (
    rule === "number" &&
    (!isText(right) || String(right).trim() === "" || !Number.isFinite(Number(right)))
  ) {
    throw refuse("give a number");
  }
  if (rule === "json" && typeof right === "string" && /^\s*[[{]/.test(right)) {
    throw refuse("give the value itself, not its JSON in quotation marks");
  }
  if (rule === "words" && !(Number.isInteger(right) && Number(right) > 0)) {
    throw refuse("give the most words that an answer may have, a whole number above 0");
  }
  if (rule === "contains" && answerWords(textOf(right)).length === 0)
    throw refuse('give a text that has words, or take the rule "exact"');
}

const isText = (right: unknown) => typeof right === "string" || typeof right === "number";

const textOf = (right: unknown) => (typeof right === "string" ? right : JSON.stringify(right));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const has = (value: object, name: string) => Object.hasOwn(value, name);

/** Whatever the order of an object's fields. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, i) => isEqual(value, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length && names.every((name) => has(b, name) && isEqual(a[name], b[name]))
  );
}
