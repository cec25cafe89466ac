import { markdownTexts } from "./markdown-blocks.js";
import {
  edited,
  type MessageFormat,
  requireKnownKeys,
  requireOneLine,
  type TextEdit,
} from "./message-format.js";

/**
 * Markdown: each heading, paragraph, item and cell is a message, numbered from 0. A paragraph that is translated becomes
 * one line. Its texts have no names, so an existing file is not looked at: a translation memory knows what is old.
 */
export const markdownFormat: MessageFormat = {
  isBilingual: false,
  read: (text) => markdownTexts(text).map(({ source }, i) => ({ key: `${i}`, source })),
  write(text, translations) {
    const texts = markdownTexts(text);
    requireKnownKeys(translations, new Set(texts.map((_, i) => `${i}`)));
    const edits = texts.flatMap(({ begin, end, source, isCell }, i): TextEdit[] => {
      const translation = translations.get(`${i}`) ?? source;
      if (translation === source) return [];
      requireOneLine(translation);
      const content = isCell ? translation.replace(/(?<!\\)\|/g, "\\|") : translation;
      return [{ offset: begin, length: end - begin, content }];
    });
    return edited(text, edits);
  },
};
