import { SaxesParser } from "saxes";
import { LocalisationError } from "./errors.js";
import {
  edited,
  type Message,
  type MessageFormat,
  requireKnownKeys,
  requireUniqueKeys,
  type TextEdit,
} from "./message-format.js";
import { readable, type XliffSegment, xliffSegments } from "./xliff-segments.js";

/**
 * XLIFF 1.2 and 2.x. Sources and targets keep their inline tags, and `&amp;`, `&lt;`, `&gt;` as they are; a bare "&" or
 * "<" of a translation is escaped. States and languages are left alone.
 */
export const xliffFormat: MessageFormat = {
  isBilingual: true,
  read: (text) => messagesOf(text, xliffSegments(text)),
  write(text, translations) {
    const segments = xliffSegments(text);
    const messages = messagesOf(text, segments);
    requireKnownKeys(translations, new Set(messages.map(({ key }) => key)));
    const edits = messages.flatMap(({ key, target = "" }, i): TextEdit[] => {
      const translation = translations.get(key);
      if (translation === undefined || translation === target) return [];
      return [edit(text, segments[i], content(key, translation))];
    });
    return edited(text, edits);
  },
};

function messagesOf(text: string, segments: readonly XliffSegment[]): Message[] {
  const inner = ({ innerBegin, innerEnd }: XliffSegment["source"]) =>
    readable(text.slice(innerBegin, innerEnd));
  const messages = segments.map(({ key, source, target, notes }) => ({
    key,
    source: inner(source),
    target: (target && inner(target)) || undefined,
    note: notes.join("\n") || undefined,
  }));
  requireUniqueKeys(messages);
  return messages;
}

function edit(text: string, { source, target, behind }: XliffSegment, translation: string): TextEdit {
  if (target) {
    const tag = text.slice(target.begin, target.innerBegin);
    if (target.end > target.innerBegin) {
      return { offset: target.innerBegin, length: target.innerEnd - target.innerBegin, content: translation };
    }
    const opened = tag.replace(/\s*\/>$/, ">");
    const length = target.end - target.begin;
    return { offset: target.begin, length, content: `${opened}${translation}</${target.name}>` };
  }
  const [gap] = /(?:\r?\n[ \t]*)?$/.exec(text.slice(0, source.begin))!;
  const name = source.name.replace(/source$/, "target");
  return { offset: behind, length: 0, content: `${gap}<${name}>${translation}</${name}>` };
}

/** A translation as XML. */
function content(key: string, translation: string): string {
  const xml = translation
    .replace(/&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9a-fA-F]+);)/g, "&amp;")
    .replace(/<(?![A-Za-z_/])/g, "&lt;");
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw new LocalisationError(
      "the markup of a translation is not well-formed",
      `${error.message} in ${JSON.stringify(translation)} of ${key}`,
      "keep every tag of the source once and in its order",
    );
  });
  parser.write(`<target>${xml}</target>`).close();
  return xml;
}
