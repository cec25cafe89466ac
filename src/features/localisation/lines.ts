import { findNodeAtLocation, type Node } from "jsonc-parser";
import { LocalisationError } from "./errors.js";
import { jsonTree } from "./json-tree.js";
import {
  edited,
  type Message,
  type MessageFormat,
  requireKnownKeys,
  requireOneLine,
  type TextEdit,
  type Translations,
} from "./message-format.js";

/** Plain text: every line that is not blank is a message, its number from 1 the key. An existing file is not looked at. */
export const linesFormat: MessageFormat = {
  isBilingual: false,
  read: (text) => linesOf(text).map(({ key, source }) => ({ key, source })),
  write(text, translations) {
    const lines = linesOf(text);
    requireKnownKeys(translations, new Set(lines.map(({ key }) => key)));
    const edits = lines.flatMap(({ key, source, offset }): TextEdit[] => {
      const content = translations.get(key) ?? source;
      requireOneLine(content);
      return content === source ? [] : [{ offset, length: source.length, content }];
    });
    return edited(text, edits);
  },
};

/**
 * JSON Lines: what `field` of each object holds is a message, the line's number from 1 its key. With `target` the
 * translation goes into that field beside it, which is added at the end where it is missing; else into the same one.
 */
export function jsonLinesFormat(field: string, target?: string): MessageFormat {
  const read = (text: string) => linesOf(text).map((line) => rowOf(line, field, target));
  return {
    isBilingual: target !== undefined,
    read: (text) => read(text).map(({ message }) => message),
    write(text, translations) {
      const rows = read(text);
      requireKnownKeys(translations, new Set(rows.map(({ message }) => message.key)));
      return edited(
        text,
        rows.flatMap((row) => rowEdit(row, translations, target)),
      );
    },
  };
}

interface NumberedLine {
  readonly key: string;
  readonly source: string;
  readonly offset: number;
}

interface Row {
  readonly message: Message;
  /** Of the line in the file. */
  readonly offset: number;
  readonly root: Node;
  /** What is replaced; undefined where the field is missing. */
  readonly place: Node | undefined;
}

function linesOf(text: string): NumberedLine[] {
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  return text
    .slice(offset)
    .split("\n")
    .map((part, i) => {
      const source = part.replace(/\r$/, "");
      const line = { key: `${i + 1}`, source, offset };
      offset += part.length + 1;
      return line;
    })
    .filter(({ source }) => source.trim() !== "");
}

function rowOf({ key, source: line, offset }: NumberedLine, field: string, target: string | undefined): Row {
  const root = jsonTree(line);
  const source = findNodeAtLocation(root, [field])?.value;
  if (root.type !== "object" || typeof source !== "string") {
    throw new LocalisationError(
      `a line of JSON has no text in its field ${JSON.stringify(field)}`,
      `line ${key}: ${line.slice(0, 80)}`,
      "name the field that holds the text, and give every line one",
    );
  }
  const place = findNodeAtLocation(root, [target ?? field]);
  const known = target === undefined ? undefined : place?.value;
  return {
    message: { key, source, target: typeof known === "string" && known !== "" ? known : undefined },
    offset,
    root,
    place,
  };
}

function rowEdit(
  { message, offset, root, place }: Row,
  translations: Translations,
  target?: string,
): TextEdit[] {
  const translation = translations.get(message.key);
  if (translation === undefined || translation === place?.value) return [];
  const content = JSON.stringify(translation);
  if (place) return [{ offset: offset + place.offset, length: place.length, content }];
  const last = root.children!.at(-1)!;
  return [
    {
      offset: offset + last.offset + last.length,
      length: 0,
      content: `, ${JSON.stringify(target)}: ${content}`,
    },
  ];
}
