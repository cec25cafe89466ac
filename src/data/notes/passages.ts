/** The sentences of a section that a question can be asked about, each with an answer that stands in it. */
import { answerWords } from "./answer-words.js";

/** A sentence and a part of it. */
export interface Passage {
  readonly sentence: string;
  /** As it stands in the sentence. */
  readonly answer: string;
}

/** Words of a sentence, see `answerWords`, and its UTF-16 code units. */
const fewestWords = 6;
const longest = 300;

/**
 * Every sentence of prose in a body with every answer that it offers, in order: what stands in quotation marks or is
 * code, numbers of three characters or with a word behind them, and names inside a sentence that one cannot take for a
 * mere word. Items of lists are prose; tables, indented code and quotations are none.
 */
export function passagesOf(body: string): Passage[] {
  const seen = new Set<string>();
  return sentencesOf(body).flatMap((sentence) =>
    answersIn(sentence).flatMap((answer) => {
      if (seen.has(answer)) return [];
      seen.add(answer);
      return [{ sentence, answer }];
    }),
  );
}

/** A text with the words whole that a line ends in the middle of, behind a hyphen. */
export const unwrapped = (text: string): string => text.replace(/(?<=\p{L}-)\n[^\S\n]*(?=\S)/gu, "");

/** The sentences of prose in a body that can be asked about, see `passagesOf`. */
export function sentencesOf(body: string): string[] {
  return unwrapped(body)
    .replace(/^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm, "\n")
    .split(/\n[^\S\n]*\n/)
    .filter((paragraph) => !/^(?:\s{4}|\t|\s*[>|#<])/.test(paragraph))
    .map((paragraph) =>
      paragraph
        .replace(/^\s*(?:[-*+•]|\d+[.)]|\[\d+\])\s+/, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter((paragraph) => /[.!?。！？]["”)]?$/u.test(paragraph))
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?]["”)]?) (?=["“(]?\p{Lu})|(?<=[。！？])/u))
    .map((sentence) => sentence.trim())
    .filter(
      (sentence) =>
        answerWords(sentence).length >= fewestWords &&
        sentence.length <= longest &&
        !pointsBack.test(sentence),
    );
}

/** A sentence that speaks of what stands before it, or goes on from there. */
const pointsBack = /^(?:It|Its|This|These|Those|They|Their|Such|He|She|That|See|Note|For example)\b|^\p{Ll}/u;

/** The sentence as a question, with "what" for the answer: "The office opens at what?" In Chinese that is 什么. */
export function askedSentence({ sentence, answer }: Passage): string {
  const isChinese = /\p{Script=Han}/u.test(sentence);
  const at = sentence.indexOf(answer);
  const before = sentence.slice(0, at).replace(/["“「`]$/u, "");
  const after = sentence.slice(at + answer.length).replace(/^["”」`]/u, "");
  const head = before.replace(/\b(?:the|an?)\s+$/i, "");
  const what = isChinese ? "什么" : head === "" ? "What" : "what";
  return `${head}${what}${after}`.replace(/\s*[.!。！]["”)]?$/u, isChinese ? "？" : "?");
}

const quoted = /(?:(?<![\p{L}\p{N}])"([^"]{1,60})"|“([^”]{1,60})”|「([^」]{1,60})」|`([^`]{1,60})`)/gu;
const number =
  /(?<![\p{L}\p{N}.-])(?:\d(?:[\d.,:]*\d)?(?:\s?%|\s(?!and\b|for\b|from\b|the\b|are\b|was\b|but\b|with\b|that\b|when\b|than\b)\p{Ll}{3,})|\d[\d.,:]+\d)(?![\p{L}\p{N}-])/gu;
const name =
  /(?<=[\p{Ll},] )\p{Lu}[\p{L}\p{N}-]+(?: \p{Lu}[\p{L}\p{N}-]+)+|(?<=[\p{Ll},] )\p{Lu}\p{L}*[\p{Lu}\p{N}-][\p{L}\p{N}-]*/gu;

function answersIn(sentence: string): string[] {
  const inMarks = [...sentence.matchAll(quoted)].map((match) => match.slice(1).find(Boolean) ?? "");
  const bare = sentence.replace(quoted, "");
  const others = [number, name].flatMap((pattern) => [...bare.matchAll(pattern)].map(([text]) => text));
  const trimmed = [...inMarks, ...others].map((answer) => answer.replace(/[.,:;]+$/, "").trim());
  return [...new Set(trimmed)].filter((answer) => /[\p{L}\p{N}]/u.test(answer) && sentence.includes(answer));
}
