import { basename } from "node:path";
import { DataError } from "../../files/errors.js";
import type { Pair, TextRow } from "./pair.js";

/** The languages that are wanted. Default: what the files say, the first as the source. */
export interface PairLanguages {
  readonly sourceLanguage?: string;
  readonly targetLanguage?: string;
}

const NAMES = new Intl.DisplayNames("en", { type: "language", fallback: "none" });

/** Whether it is the code of a language, such as "en", "pt-BR" or "zh_CN". */
export function isLanguage(code: string): boolean {
  if (!/^[a-z]{2,3}([-_][a-z\d]{2,8})*$/i.test(code)) return false;
  try {
    return NAMES.of(tagOf(code).split("-")[0]) !== undefined;
  } catch {
    return false;
  }
}

/** Whether the codes name one language: equal, or one of them without a region. */
export function isSameLanguage(a: string, b: string): boolean {
  const [x, y] = [a, b].map((code) => tagOf(code).toLowerCase().split("-"));
  return x.slice(0, y.length).every((part, i) => part === y[i]);
}

/** The language of a code without its region: "zh" of "zh-CN". */
export function baseLanguage(code: string): string {
  return tagOf(code).split("-")[0].toLowerCase();
}

/** The two languages that the name of a file ends with, as in corpus.en-de.tsv and tatoeba-en-zh.tsv.gz. */
export function languagesInName(path: string): readonly [string, string] | undefined {
  const [, a, b] = /(?:^|[._-])([a-z]{2,3})[-_]([a-z]{2,3})(?:\.[a-z]+)+$/.exec(basename(path)) ?? [];
  return a !== undefined && a !== b && isLanguage(a) && isLanguage(b) ? [a, b] : undefined;
}

/** The language that the name of a file ends with, as in train.de.gz. */
export function languageInName(path: string): string | undefined {
  const stem = basename(path).replace(/(\.(gz|txt|po|mo))+$/i, "");
  const code = stem.slice(stem.lastIndexOf(".") + 1);
  return isLanguage(code) ? tagOf(code) : undefined;
}

/** Makes pairs of rows: the languages are those that are wanted, or else the two of the first row. */
export class Pairing {
  private languages: { readonly source: string; readonly target: string } | undefined;

  constructor(private readonly wanted: PairLanguages) {
    const { sourceLanguage, targetLanguage } = wanted;
    for (const code of [sourceLanguage, targetLanguage]) {
      if (code !== undefined && !isLanguage(code)) throw unknownLanguage(code);
    }
    if (sourceLanguage && targetLanguage) {
      this.languages = { source: tagOf(sourceLanguage), target: tagOf(targetLanguage) };
    }
  }

  /** Undefined where the row lacks one of the languages. Throws `DataError` where it is not known which are meant. */
  pairOf({ texts, origin, page, split }: TextRow): Pair | undefined {
    this.languages ??= this.chosen(Object.keys(texts), origin);
    const { source: sourceLanguage, target: targetLanguage } = this.languages;
    const source = textIn(texts, sourceLanguage) ?? texts.source;
    const target = textIn(texts, targetLanguage) ?? texts.target;
    if (source === undefined || target === undefined) return undefined;
    return {
      source,
      target,
      sourceLanguage,
      targetLanguage,
      origin,
      ...(page && { page }),
      ...(split && { split }),
    };
  }

  private chosen(names: readonly string[], origin: string): { source: string; target: string } {
    const found = names.filter(isLanguage);
    const { sourceLanguage, targetLanguage } = this.wanted;
    const isWanted = (code: string) =>
      [sourceLanguage, targetLanguage].some((one) => one !== undefined && isSameLanguage(code, one));
    const others = found.filter((code) => !isWanted(code));
    const left = [sourceLanguage, targetLanguage].filter((one) => one === undefined).length;
    if (others.length !== left) throw undecided(names, origin);
    const source = sourceLanguage ?? (others.shift() as string);
    return { source: tagOf(source), target: tagOf(targetLanguage ?? (others.shift() as string)) };
  }
}

/** The code as BCP 47 writes it: "zh-CN" of "zh_cn". */
export function tagOf(code: string): string {
  return Intl.getCanonicalLocales(code.replaceAll("_", "-"))[0];
}

function textIn(texts: TextRow["texts"], language: string): string | undefined {
  if (Object.hasOwn(texts, language)) return texts[language];
  const name = Object.keys(texts).find((code) => isLanguage(code) && isSameLanguage(code, language));
  return name === undefined ? undefined : texts[name];
}

function undecided(names: readonly string[], origin: string): DataError {
  return new DataError(
    "it is not said which two languages the pairs are of",
    `${origin} has: ${names.join(", ") || "none"}`,
    "name them with sourceLanguage and targetLanguage, such as en and de; a file can say them by its first line, or by " +
      "a name such as corpus.en-de.tsv",
  );
}

function unknownLanguage(code: string): DataError {
  return new DataError(
    "a language has no such code",
    JSON.stringify(code),
    "give codes of two or three letters, such as en, de, zh or pt-BR",
  );
}
