/** What is changed about a text, in this order. */
const CHANGES = {
  "byte order marks": (text: string) => text.replaceAll("\ufeff", ""),
  "other line ends": (text: string) => text.replace(/\r\n?/g, "\n"),
  "control characters": (text: string) => text.replace(CONTROLS, ""),
  "decomposed letters": (text: string) => text.normalize("NFC"),
  "spaces around": (text: string) => text.trim(),
} as const;

/** C0 without tab and newline, delete, C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** What a text had before it was cleaned. */
export type TextChange = keyof typeof CHANGES;

/**
 * The text in Unicode's composed form, without byte order marks, control characters and spaces around it, its lines
 * ended by \n. `changed` is told what the text had.
 */
export function cleanText(text: string, changed?: (what: TextChange) => void): string {
  let cleaned = text;
  for (const [what, change] of Object.entries(CHANGES) as [TextChange, (text: string) => string][]) {
    const before = cleaned;
    cleaned = change(before);
    if (cleaned !== before) changed?.(what);
  }
  return cleaned;
}
