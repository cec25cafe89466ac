/** In which language a text is written, by its n-grams. */
import { detectAll, supportedLanguages, toISO2 } from "tinyld/heavy"; // the smaller ones tell little of a few words

/** A language that a text may be in. */
export interface Detection {
  readonly language: string;
  /** 0 to 100: its share of what speaks for any of the languages. */
  readonly confidence: number;
}

/**
 * The languages among `languages` (BCP 47 tags) that a text may be in, likeliest first; none where nothing speaks for
 * any. A single word tells little. Of tags that differ in script or region alone the first stands for all.
 */
export function detectLanguage(text: string, languages: readonly string[]): Detection[] {
  const tags = new Map(languages.toReversed().map((tag) => [toISO2(primary(tag)), tag]));
  const only = [...tags.keys()].filter((code) => known.has(code));
  if (only.length === 0) return []; // none would stand for all
  const found = detectAll(text, { only });
  const total = found.reduce((sum, { accuracy }) => sum + accuracy, 0);
  return found.map(({ lang, accuracy }) => ({
    language: tags.get(lang) ?? lang,
    confidence: Math.round((1000 * accuracy) / total) / 10,
  }));
}

const known = new Set(supportedLanguages.map(toISO2));

const primary = (tag: string) => tag.toLowerCase().split(/[-_]/)[0];
