import { cardinal, digitByDigit, LARGEST_SPELLED, ordinal } from "./english-numbers.js";

/** A transcript as it is learned and scored. */
export interface NormalisedTranscript {
  readonly text: string;
  /** Figures that could not be spelled out and stand in the text as they were. */
  readonly figuresLeft: readonly string[];
}

/** Which language a transcript is in. */
export interface TranscriptLanguage {
  /** A BCP 47 tag. In English ("en", "en-GB") figures are spelled out; in others, and without one, they are left. */
  readonly language?: string;
}

const APOSTROPHES = /[\u2018\u2019\u201B\u02BC\u0060\u00B4\uFF07]/gu;
const OTHER_APOSTROPHES = /(?<![\p{L}\p{M}\p{N}])'|'(?![\p{L}\p{M}\p{N}])/gu;
/** Figures with what belongs to them: "1,234.5", "21st". */
const NUMBERS = /([0-9](?:[0-9.,]*[0-9])?)(?:(st|nd|rd|th)(?![\p{L}\p{M}]))?/gu;
const ONE_NUMBER = /^(?<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?<decimals>[0-9]+))?$/;

/**
 * NFC, lower case, one apostrophe and that only inside words, other punctuation and symbols as spaces, white space
 * joined; what is invisible goes. Whisper's English normaliser does this too, and drops accents and spells contractions out.
 * English figures from 0 to 999,999 are spelled, with decimals and ordinals; a leading zero asks for digit by digit,
 * and years are numbers like others.
 */
export function normaliseTranscript(
  text: string,
  { language }: TranscriptLanguage = {},
): NormalisedTranscript {
  const visible = text.replace(/\p{Cf}/gu, "");
  const lower = visible.toLowerCase().normalize("NFC").replace(APOSTROPHES, "'");
  const isEnglish = language !== undefined && /^en(?:-|$)/i.test(language);
  const spelled = isEnglish ? lower.replace(NUMBERS, spell) : lower;
  const normalised = spelled
    .replace(OTHER_APOSTROPHES, " ")
    .replace(/(?!')[\p{P}\p{S}\p{C}\p{Z}]+/gu, " ")
    .trim();
  return { text: normalised, figuresLeft: normalised.match(/\p{N}+/gu) ?? [] };
}

function spell(match: string, figures: string, suffix: string | undefined): string {
  if (suffix !== undefined) {
    const value = Number(figures.replaceAll(",", ""));
    return isSpelled(value) ? ` ${ordinal(value)} ` : match;
  }
  if (ONE_NUMBER.test(figures)) return ` ${spellOne(figures)} `;
  return ` ${figures.split(/[.,]+/).map(spellOne).join(" ")} `; // an address, a version, a date
}

/** `number` as `ONE_NUMBER` has it. */
function spellOne(number: string): string {
  const { whole, decimals } = ONE_NUMBER.exec(number)!.groups!;
  const digits = whole.replaceAll(",", "");
  const value = Number(digits);
  if (!isSpelled(value)) return number;
  const words = digits.length > 1 && digits.startsWith("0") ? digitByDigit(digits) : cardinal(value);
  return decimals === undefined ? words : `${words} point ${digitByDigit(decimals)}`;
}

function isSpelled(value: number): boolean {
  return Number.isInteger(value) && value <= LARGEST_SPELLED;
}
