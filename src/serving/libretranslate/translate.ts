/** Texts and documents, cut into what a model translates. */
import { type DividedHtml, splitHtml } from "../../features/localisation/html.js";
import { partsAtMarks } from "../../features/localisation/html-blocks.js";
import type { ServedTranslator, Translated, TranslationRequest } from "./translator.js";

/** What was sent, plain or HTML, as texts that can be translated and put back. */
export function divide(sent: readonly string[], isHtml: boolean): DividedHtml[] {
  return sent.map((text) =>
    isHtml ? splitHtml(text) : { texts: [text], markup: new Map(), join: ([own]) => own },
  );
}

/**
 * Translates documents at once, so that a model batches their texts. A text without a letter is in every language the
 * same, and so is any text in the language that it is translated from. Sentences whose tags the model does not keep are
 * translated in parts between them. Alternatives are for plain texts alone.
 */
export async function translateAll(
  translator: ServedTranslator,
  documents: readonly DividedHtml[],
  request: Omit<TranslationRequest, "texts">,
  signal: AbortSignal,
): Promise<Translated[]> {
  const ask = (texts: readonly string[]) => translateTexts(translator, texts, request, signal);
  const all = documents.flatMap(({ texts }) => texts);
  const results = await ask(all);
  const torn = [...all.keys()].filter((i) => partsAtMarks(all[i]).length > 1 && isBroken(results[i]));
  const mended = await translateApart(
    torn.map((i) => partsAtMarks(all[i])),
    ask,
  );
  for (const [k, i] of torn.entries()) results[i] = mended[k];
  let begin = 0;
  return documents.map(({ texts, join }) => {
    const parts = results.slice(begin, begin + texts.length);
    begin += texts.length;
    return joined(parts, join);
  });
}

async function translateTexts(
  translator: ServedTranslator,
  all: readonly string[],
  request: Omit<TranslationRequest, "texts">,
  signal: AbortSignal,
): Promise<Translated[]> {
  const isSame = (text: string) => request.source === request.target || !/\p{L}/u.test(text);
  const texts = all.filter((text) => !isSame(text));
  const translations = texts.length === 0 ? [] : await translator.translate({ ...request, texts }, signal);
  let next = 0;
  return all.map((text) => (isSame(text) ? { text, alternatives: [], flags: [] } : translations[next++]));
}

const isBroken = ({ flags }: Translated) => flags.some(({ kind }) => kind !== "repetition");

/** Sentences in parts, of which every second is a mark that stays. */
async function translateApart(
  sentences: readonly (readonly string[])[],
  ask: (texts: readonly string[]) => Promise<Translated[]>,
): Promise<Translated[]> {
  const said = sentences.flatMap((parts) => parts.filter((_, i) => i % 2 === 0));
  const found = await ask(said.map((part) => part.trim()));
  let next = 0;
  return sentences.map((parts) => {
    const own = parts.flatMap((_, i) => (i % 2 === 0 ? [found[next++]] : []));
    // With the space around it that was there.
    const text = parts.map((part, i) =>
      i % 2 === 0 ? part.replace(/\S(?:.*\S)?/s, () => own[i / 2].text) : part,
    );
    return { text: text.join(""), alternatives: [], flags: own.flatMap(({ flags }) => flags) };
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
