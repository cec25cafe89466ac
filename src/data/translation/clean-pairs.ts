import { counted } from "../../core/quantities.js";
import { checkLanguages } from "./check-languages.js";
import { cleanText, type TextChange } from "./clean-text.js";
import type { Pair } from "./pair.js";

/** Why pairs are left out, in the order in which it is asked. */
const FAULTS = {
  empty: "an empty side",
  broken: "broken characters",
  copy: "both sides the same",
  length: "one side over three times as long",
  duplicate: "there already",
} as const;

export type PairFault = keyof typeof FAULTS;

/** What cleaning did. */
export interface CleaningReport {
  readonly given: number;
  readonly kept: number;
  /** Pairs that were left out, by why. */
  readonly dropped: Readonly<Record<PairFault, number>>;
  /** Pairs that were changed, by what they had. */
  readonly changed: Readonly<Partial<Record<TextChange, number>>>;
  /** Pairs with both sides the same that were kept for names. */
  readonly keptNames: number;
  /** What looks wrong about all of them. */
  readonly warnings: readonly string[];
  /** All of it in words, a phrase for each kind. */
  readonly phrases: readonly string[];
}

/** What is kept. */
export interface CleaningOptions {
  /**
   * Keep pairs with both sides the same where they are names: up to three words with capital letters, as in
   * "LibreOffice Writer".
   */
  readonly keepNames?: boolean;
}

const MOST_TIMES = 3;
const GRACE = 5;

/**
 * Texts as `cleanText` leaves them, and pairs of one language with another that can be learned from: others are counted.
 * What is in two splits stays in both; see `removeLeaks`.
 * Lengths are those of letters, of which a Chinese one counts for three and a Japanese or Korean syllable for two; five
 * more are always allowed.
 * @throws DataError where the columns are swapped.
 */
export async function cleanPairs(
  pairs: readonly Pair[],
  { keepNames = false }: CleaningOptions = {},
): Promise<{ pairs: Pair[]; report: CleaningReport }> {
  const dropped = { empty: 0, broken: 0, copy: 0, length: 0, duplicate: 0 };
  const changed: Partial<Record<TextChange, number>> = {};
  const seen = new Set<string>();
  const kept: Pair[] = [];
  let keptNames = 0;
  for (const pair of pairs) {
    const changes = new Set<TextChange>();
    const [source, target] = [pair.source, pair.target].map((text) =>
      cleanText(text, (what) => changes.add(what)),
    );
    const isName = keepNames && source === target && isNameLike(source);
    const key = `${pair.split}\0${source}\0${target}`;
    const fault = isName ? undefined : faultOf(source, target);
    if (fault || seen.has(key)) dropped[fault ?? "duplicate"]++;
    else {
      seen.add(key);
      for (const what of changes) changed[what] = (changed[what] ?? 0) + 1;
      if (isName) keptNames++;
      kept.push({ ...pair, source, target });
    }
  }
  const warnings = await checkLanguages(kept);
  const numbers = { given: pairs.length, kept: kept.length, dropped, changed, keptNames, warnings };
  return { pairs: kept, report: { ...numbers, phrases: phrasesOf(numbers) } };
}

function faultOf(source: string, target: string): PairFault | undefined {
  if (source === "" || target === "") return "empty";
  if (/[\ufffd\p{Surrogate}]/u.test(source + target)) return "broken";
  if (source === target) return "copy";
  const [shorter, longer] = [lengthOf(source), lengthOf(target)].sort((a, b) => a - b);
  return longer > MOST_TIMES * shorter + GRACE ? "length" : undefined;
}

/** About how many letters of an alphabet say as much. */
function lengthOf(text: string): number {
  let length = 0;
  for (const letter of text)
    length += letter < "\u1100" ? 1 : /\p{sc=Han}/u.test(letter) ? 3 : isSyllable(letter) ? 2 : 1;
  return length;
}

function isSyllable(letter: string): boolean {
  return /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u.test(letter);
}

function isNameLike(text: string): boolean {
  const words = text.split(/\s+/);
  return words.length <= 3 && words.every((word) => /^[\p{Lu}\d]/u.test(word)) && /\p{Lu}/u.test(text);
}

function phrasesOf({ dropped, changed, keptNames, warnings }: Omit<CleaningReport, "phrases">): string[] {
  const left = Object.entries(dropped).map(
    ([fault, count]) => [count, `left out, ${FAULTS[fault as PairFault]}`] as const,
  );
  const freed = Object.entries(changed).map(([what, count]) => [count, `freed of ${what}`] as const);
  const names = [keptNames, "kept as names, both sides the same"] as const;
  const told = [...left, ...freed, names].filter(([count]) => count > 0);
  return [...told.map(([count, what]) => `${counted(count, "pair")} ${what}`), ...warnings];
}
