import {
  edited,
  type Message,
  type MessageFormat,
  requireKnownKeys,
  requireUniqueKeys,
  type TextEdit,
} from "./message-format.js";
import { type PoEntry, type PoString, poEntries } from "./po-entries.js";

/** What gettext puts between a context and a text in the keys of its catalogues. */
const CONTEXT_END = "\u0004";

/**
 * gettext's PO. A message's key is its text, behind its context and U+0004 where it has one; its plural forms are
 * messages with "[0]", "[1]".. behind it, the first from the singular, as many as the header names. Flags stay: what is
 * fuzzy has a translation and remains fuzzy.
 */
export const poFormat: MessageFormat = {
  isBilingual: true,
  read(text) {
    const messages = formsOf(text).map(({ message }) => message);
    requireUniqueKeys(messages);
    return messages;
  },
  write(text, translations) {
    const forms = formsOf(text);
    requireKnownKeys(translations, new Set(forms.map(({ message }) => message.key)));
    const edits = forms.flatMap(({ message, entry, form }): TextEdit[] => {
      const translation = translations.get(message.key);
      if (translation === undefined || translation === (message.target ?? "")) return [];
      return [edit(text, entry, form, translation)];
    });
    return edited(text, edits);
  },
};

interface Form {
  readonly message: Message;
  readonly entry: PoEntry;
  /** Of the plural; undefined where there is none. */
  readonly form: number | undefined;
}

function formsOf(text: string): Form[] {
  const [header, ...others] = splitHeader(poEntries(text));
  const named = /nplurals\s*=\s*(\d+)/.exec(header?.targets.get(undefined)?.value ?? "")?.[1];
  return others.flatMap((entry): Form[] => {
    const context = entry.context === undefined ? "" : `${entry.context}${CONTEXT_END}`;
    const note = entry.notes.join("\n") || undefined;
    const key = `${context}${entry.source}`;
    if (entry.plural === undefined) {
      const target = entry.targets.get(undefined)?.value || undefined;
      return [{ message: { key, source: entry.source, target, note }, entry, form: undefined }];
    }
    const count = named === undefined ? entry.targets.size : Number(named);
    return Array.from({ length: count }, (_, form) => {
      const source = form === 0 && count > 1 ? entry.source : entry.plural!;
      const target = entry.targets.get(form)?.value || undefined;
      return { message: { key: `${key}[${form}]`, source, target, note }, entry, form };
    });
  });
}

/** The header, which translates nothing, and the rest. */
function splitHeader(entries: readonly PoEntry[]): [PoEntry | undefined, ...PoEntry[]] {
  const isHeader = ({ source, context }: PoEntry) => source === "" && context === undefined;
  return [entries.find(isHeader), ...entries.filter((entry) => !isHeader(entry))];
}

function edit(text: string, entry: PoEntry, form: number | undefined, translation: string): TextEdit {
  const line = text.includes("\r\n") ? "\r\n" : "\n";
  const content = quoted(translation, line);
  const there = entry.targets.get(form);
  if (there) return { offset: there.begin, length: there.end - there.begin, content };
  const last: PoString = [...entry.targets.values()].at(-1)!;
  return { offset: last.end, length: 0, content: `${line}msgstr[${form}] ${content}` };
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
};

/** A string of PO; one of several lines begins with an empty one, as gettext's own tools write it. */
function quoted(text: string, line: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [""];
  const escaped = lines.map((part) => `"${part.replace(/[\\"\n\t\r]/g, (found) => ESCAPES[found])}"`);
  return (lines.length > 1 ? ['""', ...escaped] : escaped).join(line);
}
