/** Questions about notes: what is asked, what is right, and when one is no good to learn from. */
import { answerWords, holdsAnswer } from "./answer-words.js";

/** A question about a section. */
export interface Question {
  /** The section's number, see `NoteSection.id`. */
  readonly section: string;
  /** What is asked. The fields are those of a row of conversation: a file of questions is one of chats. */
  readonly prompt: string;
  /** What is right: words of the section. */
  readonly completion: string;
}

/** Why a question is not learned from. */
export const questionFaults = {
  none: "with no question in it",
  length: "of fewer than 4 or more than 40 words",
  givesAway: "that give their answer away",
  unfounded: "about what the section does not say",
  longAnswer: "with an answer of more than 12 words",
  notFound: "with an answer that the section does not hold",
  notAnswered: "that the model itself does not answer with the section before it",
  repeated: "asked before",
  learned: "about sections held out, of what a section to learn from says too",
} as const;
export type QuestionFault = keyof typeof questionFaults;

const common = new Set(
  "what which when where who whom whose how why is are was were be been do does did has have had can could may might must shall should will would not no of in on at by to for from with without into than that this these those it its they them there and or as if so many much any some all one name kind".split(
    " ",
  ),
);

/** What is the matter with a question about a text; undefined for one that is good. */
export function faultOf(question: string, answer: string, text: string): QuestionFault | undefined {
  const words = answerWords(question);
  if (!/[?？]\s*$/u.test(question) || /\n/.test(question)) return "none";
  if (words.length < 4 || words.length > 40) return "length";
  if (answerWords(answer).length > 12) return "longAnswer";
  if (holdsAnswer(question, answer)) return "givesAway";
  if (!holdsAnswer(text, answer)) return "notFound";
  return isFounded(words, text) ? undefined : "unfounded";
}

/** At least two of the words that mean something, and half of them, are words of the text. */
function isFounded(words: readonly string[], text: string): boolean {
  const own = new Set(answerWords(text).map(stem));
  const meaning = words.filter((word) => !common.has(word));
  const shared = meaning.filter((word) => own.has(stem(word)));
  return shared.length >= 2 && shared.length * 2 >= meaning.length;
}

/** English endings apart. */
const stem = (word: string) => word.replace(/(?:ies|es|s|ed|ing)$/, "");
