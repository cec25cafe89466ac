import { DataError } from "../../files/errors.js";
import { baseLanguage } from "./languages.js";
import type { Pair } from "./pair.js";

const SAMPLED = 200;
/** Fewer say nothing. */
const FEWEST = 20;
/** Short texts are told wrongly too often. */
const SHORTEST = 25;
const MOST = 0.5;
const CLEARLY = 0.75;

/**
 * What looks wrong about the languages of a sample of long pairs, told by tinyld: phrases.
 * @throws DataError where nearly all are swapped.
 */
export async function checkLanguages(pairs: readonly Pair[]): Promise<string[]> {
  const sample = sampleOf(pairs.filter(({ source, target }) => letters(source) && letters(target)));
  if (sample.length < FEWEST) return [];
  const { detect, supportedLanguages, toISO2 } = await import("tinyld");
  const known = supportedLanguages.map((code) => toISO2(code));
  const [{ sourceLanguage, targetLanguage }] = sample;
  const [source, target] = [sourceLanguage, targetLanguage].map(baseLanguage);
  if (source === target || ![source, target].every((code) => known.includes(code))) return [];
  const found = sample.map((pair) => [detect(pair.source), detect(pair.target)]);
  const share = (test: (codes: string[]) => boolean) => found.filter(test).length / found.length;
  const swapped = share(([one, other]) => one === target && other === source);
  if (swapped >= CLEARLY) throw areSwapped(sample[0], swapped, sample.length);
  if (swapped > MOST) return [`${percent(swapped)} of a sample of ${sample.length} pairs look swapped`];
  return [source, target].flatMap((code, side) => {
    const wrong = share((codes) => codes[side] !== code);
    if (wrong <= MOST) return [];
    const name = side === 0 ? "sources" : "targets";
    return [
      `${percent(wrong)} of the ${name} in a sample of ${sample.length} do not look like ${code}, but like ${commonest(found.map((codes) => codes[side]))}`,
    ];
  });
}

function letters(text: string): boolean {
  return text.length >= SHORTEST || /\p{sc=Han}{8}/u.test(text);
}

/** Evenly over all, so that of several files each has its part. */
function sampleOf(pairs: readonly Pair[]): Pair[] {
  const count = Math.min(SAMPLED, pairs.length);
  return Array.from({ length: count }, (_, i) => pairs[Math.floor((i * pairs.length) / count)]);
}

function commonest(codes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const [[code]] = [...counts].sort(([, a], [, b]) => b - a);
  return code || "no language";
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}

function areSwapped(
  { source, target, sourceLanguage, targetLanguage, origin }: Pair,
  share: number,
  of: number,
): DataError {
  return new DataError(
    "the two languages are swapped",
    `${percent(share)} of a sample of ${of} pairs; ${origin}: ${sourceLanguage} "${source.slice(0, 40)}", ` +
      `${targetLanguage} "${target.slice(0, 40)}"`,
    "name them the other way round with sourceLanguage and targetLanguage, or correct the names of the columns or files",
  );
}
