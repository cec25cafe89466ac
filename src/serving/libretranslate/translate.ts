/** Texts and documents, cut into what a model translates. */
import { type DividedHtml, splitHtml } from "../../features/localisation/html.js";
import type { ServedTranslator, Translated, TranslationRequest } from "./translator.js";

/** What was sent, plain or HTML, as texts that can be translated and put back. */
export function divide(sent: readonly string[], isHtml: boolean): DividedHtml[] {
  return sent.map((text) => (isHtml ? splitHtml(text) : { texts: [text], join: ([own]) => own }));
}

/**
 * Translates documents at once, so that a model batches their texts. A text without a letter is in every language the
 * same, and so is any text in the language that it is translated from. Alternatives are for plain texts alone.
 */
export async function translateAll(
  translator: ServedTranslator,
  documents: readonly DividedHtml[],
  request: Omit<TranslationRequest, "texts">,
  signal: AbortSignal,
): Promise<Translated[]> {
  const all = documents.flatMap(({ texts }) => texts);
  const isSame = (text: string) => request.source === request.target || !/\p{L}/u.test(text);
  const texts = all.filter((text) => !isSame(text));
  const translations = texts.length === 0 ? [] : await translator.translate({ ...request, texts }, signal);
  let next = 0;
  const results = all.map((text) =>
    isSame(text) ? { text, alternatives: [], flags: [] } : translations[next++],
  );
  let begin = 0;
  return documents.map(({ texts, join }) => {
    const parts = results.slice(begin, begin + texts.length);
    begin += texts.length;
    return joined(parts, join);
  });
}

function joined(parts: readonly Translated[], join: DividedHtml["join"]): Translated {
  const text = join(parts.map((part) => part.text));
  const others = parts.length === 1 ? parts[0].alternatives : [];
  return {
    text,
    alternatives: [...new Set(others)].filter((other) => other !== text),
    flags: parts.flatMap(({ flags }) => flags),
  };
}
