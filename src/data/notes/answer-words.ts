/** When a text holds an answer: by its words, whatever case and punctuation they have. */

/**
 * The words of a text as SQuAD compares answers (Rajpurkar et al. 2016): lower case, without punctuation at their ends
 * and without English articles. Each character of Chinese, Japanese and Korean is a word of its own.
 */
export function answerWords(text: string): string[] {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu, " $& ")
    .split(/\s+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}/$+-]+|[^\p{L}\p{N}/+#%]+$/gu, ""))
    .filter((word, _, words) => word !== "" && (words.length === 1 || !["a", "an", "the"].includes(word)));
}

/** Whether the words of an answer stand in a row in a text; false for an answer without words. */
export function holdsAnswer(text: string, answer: string): boolean {
  const wanted = answerWords(answer);
  const words = answerWords(text);
  if (wanted.length === 0) return false;
  return words.some((_, i) => wanted.every((word, k) => words[i + k] === word));
}

/** Whether two answers have the same words. */
export const sameAnswer = (a: string, b: string): boolean =>
  answerWords(a).join(" ") === answerWords(b).join(" ");
