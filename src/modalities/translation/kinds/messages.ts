/** Messages of a product in another language, with all that must survive in its place. */
import { AutodidactError } from "../../../core/errors.js";
import { type GlossaryTerm, missingTerms, termsIn } from "../../../features/localisation/glossary.js";
import { type MessageParts, messageParts } from "../../../features/localisation/message-parts.js";
import { checkPlaceholders } from "../../../features/localisation/placeholders.js";
import type { TranslationMemory } from "../../../features/localisation/translation-memory.js";
import type { TranslateOptions } from "../../../generation/translation/translate.js";
import type { TranslationFlag } from "../../../generation/translation/translate-sentences.js";
import type { Translating } from "./saved.js";

/** How messages are translated. */
export interface MessageOptions extends Omit<TranslateOptions, "terms"> {
  readonly glossary?: readonly GlossaryTerm[];
  /** What was translated before: asked before the model is. */
  readonly memory?: TranslationMemory;
}

/** What a person should look at: what became of a placeholder or a term, or how the model wrote. */
export interface MessageFlag {
  readonly kind: "lost" | "doubled" | "added" | "reordered" | "term" | "broken" | TranslationFlag;
  /** The placeholder, the term that is missing, or what is wrong about the message itself. */
  readonly found?: string;
}

const inWords: Readonly<Record<MessageFlag["kind"], string>> = {
  lost: "lost",
  doubled: "doubled",
  added: "new",
  reordered: "placeholders in another order",
  term: "without",
  broken: "broken:",
  loop: "repeated itself",
  cut: "has no end",
  split: "a long sentence in parts",
  dropped: "control characters left out",
};

/** A flag as a phrase: "lost {name}". */
export const phraseOf = ({ kind, found }: MessageFlag): string =>
  found === undefined ? inWords[kind] : `${inWords[kind]} ${found}`;

/** A message and its translation. */
export interface TranslatedMessage {
  readonly source: string;
  /** Missing where it would break the product. */
  readonly target?: string;
  /** 0 to 1: of its least sure sentence; 1 where all was remembered. */
  readonly confidence: number;
  readonly flags: readonly MessageFlag[];
  readonly isRemembered: boolean;
  /** Other translations, of a message that is one sentence. */
  readonly alternatives: readonly string[];
}

/** A translation of each message, in their order. Throws what translating throws. */
export async function translateMessages(
  translating: Translating,
  sources: readonly string[],
  { glossary = [], memory, ...options }: MessageOptions,
): Promise<TranslatedMessage[]> {
  const parts = sources.map(partsOf);
  const texts = new Set(parts.flatMap((one) => ("texts" in one ? one.texts : [])));
  const known = new Map([...texts].flatMap((text) => remembered(memory, text)));
  const asked = [...texts].filter((text) => !known.has(text));
  const terms = (sentence: string) => termsIn(glossary, sentence).map(({ target }) => target);
  const found = await translating(asked, { ...options, terms });
  const byText = new Map(asked.map((text, i) => [text, found[i]]));
  return parts.map((one, i): TranslatedMessage => {
    const source = sources[i];
    if (!("texts" in one)) return untranslated(source, one);
    const own = one.texts.flatMap((text) => byText.get(text) ?? []);
    const written = one.texts.map((text) => known.get(text) ?? byText.get(text)!.text);
    const joined = joinedBy(one, written);
    if (typeof joined !== "string") return untranslated(source, joined);
    const broken = one.texts.flatMap((text, part) => changes(text, written[part]));
    if (checkPlaceholders(source, joined).isReordered) broken.push({ kind: "reordered" });
    const missing = missingTerms(glossary, source, joined).map(
      (term): MessageFlag => ({ kind: "term", found: term.target }),
    );
    const told = [...new Set(own.flatMap(({ flags }) => flags))].map((kind) => ({ kind }));
    const [only, ...others] = own;
    const sentence = others.length === 0 && one.texts.length === 1 ? only?.sentences : undefined;
    const alternatives =
      sentence?.length === 1 ? sentence[0].alternatives.map((text) => one.join([text])) : [];
    return {
      source,
      target: broken.length > 0 ? undefined : joined,
      confidence: Math.min(1, ...own.map(({ confidence }) => confidence)),
      flags: [...broken, ...missing, ...told],
      isRemembered: own.length === 0 && one.texts.length > 0,
      alternatives,
    };
  });
}

function untranslated(source: string, { what, values }: AutodidactError): TranslatedMessage {
  const flags = [{ kind: "broken", found: `${what}, ${values}` }] as const;
  return { source, confidence: 0, flags, isRemembered: false, alternatives: [] };
}

/** What became of the placeholders of a part. */
function changes(source: string, target: string): MessageFlag[] {
  const check = checkPlaceholders(source, target);
  return (["lost", "doubled", "added"] as const).flatMap((kind) =>
    check[kind].map((found) => ({ kind, found })),
  );
}

function joinedBy(parts: MessageParts, translations: readonly string[]): string | AutodidactError {
  try {
    return parts.join(translations);
  } catch (error) {
    if (error instanceof AutodidactError) return error;
    throw error;
  }
}

/** A message that is broken itself is told of, and does not keep the others from being translated. */
function partsOf(source: string): MessageParts | AutodidactError {
  try {
    return messageParts(source);
  } catch (error) {
    if (error instanceof AutodidactError) return error;
    throw error;
  }
}

function remembered(memory: TranslationMemory | undefined, text: string): [string, string][] {
  const target = memory?.exact(text);
  return target === undefined ? [] : [[text, target]];
}
