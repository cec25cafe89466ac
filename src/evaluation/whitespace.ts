/** White space as Python's `str.strip` and `re` see it, so that texts are cut where lm-evaluation-harness cuts them. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts the four separators U+001C to U+001F
const space = /[\p{White_Space}\u001c-\u001f]/u;
const run = new RegExp(`${space.source}+`, "gu");
const atStart = new RegExp(`^${space.source}+`, "u");

export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && space.test(text[end - 1])) end--;
  return text.slice(0, end);
}

export function trim(text: string): string {
  return trimEnd(text).replace(atStart, "");
}

/** How many stretches of white space a text has. */
export function countSpaces(text: string): number {
  return text.match(run)?.length ?? 0;
}

export const startsWithSpace = (text: string) => space.test(text.slice(0, 1));
export const endsWithSpace = (text: string) => space.test(text.slice(-1));

/** The words between white space, as Python's `str.split`. */
export function words(text: string): string[] {
  return text.split(run).filter(Boolean);
}
