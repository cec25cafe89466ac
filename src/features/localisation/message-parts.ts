import { withAccelerator, withoutAccelerator } from "./accelerator.js";
import { icuMessage } from "./icu.js";
import { hidePlaceholders, shownText } from "./placeholders.js";

/** What of a message a translator sees. */
export interface MessageParts {
  /** Texts with `<ph0>`.. for what must survive; none where there is nothing to translate. */
  readonly texts: readonly string[];
  /**
   * The message with a translation of each text.
   * @throws LocalisationError where an ICU message would not have its arguments.
   */
  join(translations: readonly string[]): string;
}

/**
 * A message in parts: the branches of its plurals and selects apart, placeholders hidden, ten in a text at most,
 * the mark of a keyboard shortcut taken away and put back at a fitting letter.
 * @throws LocalisationError where a plural or select is broken.
 */
export function messageParts(source: string): MessageParts {
  const icu = icuMessage(source);
  const sections = (icu?.texts ?? [source]).map((section) => {
    const { text, accelerator } = withoutAccelerator(section);
    return { section, text, accelerator, pieces: hidePlaceholders(text) };
  });
  return {
    texts: sections.flatMap(({ pieces }) => pieces.map(({ text }) => text)).filter((text) => text !== ""),
    join(translations) {
      let next = 0;
      const joined = sections.map(({ section, text, accelerator, pieces }) => {
        const shown = pieces.map((piece) => shownText(piece, piece.text && translations[next++])).join("");
        if (shown === text) return section;
        return accelerator ? withAccelerator(shown, accelerator) : shown;
      });
      return icu ? icu.join(joined) : joined[0];
    },
  };
}
