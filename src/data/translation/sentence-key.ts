/** What two texts share that one knows from the other: without case, numbers and spacing. */
export function sentenceKey(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replace(/\p{Nd}+/gu, "0")
    .replace(/\s+/g, " ")
    .trim();
}
