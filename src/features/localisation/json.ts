import type { Node } from "jsonc-parser";
import { jsonAdditions } from "./json-additions.js";
import { childrenOf, jsonTree, stringsOf } from "./json-tree.js";
import {
  edited,
  type Message,
  type MessageFormat,
  requireKnownKeys,
  type TextEdit,
  type Translations,
} from "./message-format.js";

/**
 * JSON of i18next, vue-i18n, Angular, VS Code and the like: nested objects, arrays, flat dotted keys. Every string that
 * says something is a message; its key is its JSON pointer (RFC 6901). Keys that only `existing` has stay in it.
 */
export const jsonFormat: MessageFormat = {
  isBilingual: false,
  read: (text, existing) => readStrings(text, existing),
  write: writeStrings,
};

/**
 * Flutter's Application Resource Bundle: JSON in which "@name" describes "name". `language` is what "@@locale" becomes
 * where the file has one; descriptions are left alone.
 */
export function arbFormat(language: string): MessageFormat {
  return {
    isBilingual: false,
    read(text, existing) {
      const notes = new Map(
        childrenOf(jsonTree(text)).flatMap(({ name, value }) => {
          const note = childrenOf(value).find((child) => child.name === "description")?.value.value;
          return name.startsWith("@") && typeof note === "string" ? [[`/${name.slice(1)}`, note]] : [];
        }),
      );
      const messages = readStrings(text, existing).filter(({ key }) => !key.startsWith("/@"));
      return messages.map((message) => ({ ...message, note: notes.get(message.key) }));
    },
    write(text, translations, existing) {
      const hasLocale = childrenOf(jsonTree(text)).some(({ name }) => name === "@@locale");
      const locale: [string, string][] = hasLocale ? [["/@@locale", language]] : [];
      return writeStrings(text, new Map([...translations, ...locale]), existing);
    },
  };
}

function readStrings(text: string, existing: string | undefined): Message[] {
  const there = existing === undefined ? [] : stringsOf(jsonTree(existing));
  const targets = new Map(there.map(({ key, node }): [string, string] => [key, node.value]));
  return stringsOf(jsonTree(text))
    .filter(({ node }) => node.value.trim() !== "")
    .map(({ key, node }) => ({ key, source: node.value, target: targets.get(key) || undefined }));
}

function writeStrings(text: string, translations: Translations, existing?: string): string {
  const source = jsonTree(text);
  const strings = stringsOf(source);
  requireKnownKeys(translations, new Set(strings.map(({ key }) => key)));
  if (existing === undefined) return edited(text, replacements(strings, translations));
  const target = jsonTree(existing);
  return edited(existing, [
    ...replacements(stringsOf(target), translations),
    ...jsonAdditions(existing, source, target, translations),
  ]);
}

function replacements(
  strings: readonly { key: string; node: Node }[],
  translations: Translations,
): TextEdit[] {
  return strings.flatMap(({ key, node: { value, offset, length } }) => {
    const content = translations.get(key);
    return content === undefined || content === value
      ? []
      : [{ offset, length, content: JSON.stringify(content) }];
  });
}
