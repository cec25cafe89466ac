import { LocalisationError } from "./errors.js";
import { placeOf } from "./message-format.js";

/** A string of a PO file, which may lie on several lines, and where: from its first quote to behind its last. */
export interface PoString {
  readonly value: string;
  readonly begin: number;
  readonly end: number;
}

/** A message of a PO file. */
export interface PoEntry {
  readonly context?: string;
  readonly source: string;
  readonly plural?: string;
  /** Translations by plural form; by undefined where there are none. There is at least one, though it may be empty. */
  readonly targets: ReadonlyMap<number | undefined, PoString>;
  /** Comments that the program's authors left for translators. */
  readonly notes: readonly string[];
}

interface Draft {
  strings: Map<string, PoString>;
  notes: string[];
  offset: number;
}

const KEYWORD = /^(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?)[ \t]*(?=")/;
/** A line's string, alone. */
const STRING = /^"((?:[^"\\]|\\.)*)"[ \t]*$/;

/**
 * The entries of a PO file, header included; obsolete ones are left out.
 * @throws LocalisationError for a line that is none of PO, and an entry without its text or translation.
 */
export function poEntries(text: string): PoEntry[] {
  const entries: PoEntry[] = [];
  let draft: Draft = { strings: new Map(), notes: [], offset: 0 };
  let keyword = "";
  const finish = (offset: number) => {
    if (draft.strings.size > 0) entries.push(entryOf(text, draft));
    draft = { strings: new Map(), notes: [], offset };
    keyword = "";
  };
  const hasTarget = () => [...draft.strings.keys()].some((name) => name.startsWith("msgstr"));
  for (const { line, offset } of linesOf(text)) {
    if (line.startsWith("#")) {
      if (draft.strings.size > 0) finish(offset);
      if (line.startsWith("#.")) draft.notes.push(line.slice(2).trim());
      continue;
    }
    if (line.trim() === "") continue;
    const found = KEYWORD.exec(line);
    if (found && hasTarget() && !found[1].startsWith("msgstr")) finish(offset);
    const isContinued = found === null && keyword !== "";
    const before = isContinued ? draft.strings.get(keyword) : undefined;
    if (found) keyword = found[1];
    const string = STRING.exec(line.slice(found?.[0].length ?? 0));
    if (!string || keyword === "" || (found && draft.strings.has(keyword))) throw badLine(text, offset, line);
    const begin = before?.begin ?? offset + (found?.[0].length ?? 0);
    const value = `${before?.value ?? ""}${unescaped(string[1])}`;
    draft.strings.set(keyword, { value, begin, end: offset + line.trimEnd().length });
  }
  finish(text.length);
  return entries;
}

/** Lines without their ends and a byte order mark. */
function* linesOf(text: string): Generator<{ line: string; offset: number }> {
  let offset = text.startsWith("\uFEFF") ? 1 : 0;
  for (const part of text.slice(offset).split("\n")) {
    yield { line: part.replace(/\r$/, ""), offset };
    offset += part.length + 1;
  }
}

function entryOf(text: string, { strings, notes, offset }: Draft): PoEntry {
  const source = strings.get("msgid");
  const targets = new Map<number | undefined, PoString>();
  for (const [name, string] of strings) {
    const form = /^msgstr(?:\[(\d+)\])?$/.exec(name);
    if (form) targets.set(form[1] === undefined ? undefined : Number(form[1]), string);
  }
  if (source === undefined || targets.size === 0) {
    throw new LocalisationError(
      "a message of a PO file is not whole",
      `${source === undefined ? "no msgid" : "no msgstr"} in the one at ${placeOf(text, offset)}`,
      'complete it: every msgid has a msgstr, which may be ""',
    );
  }
  const plural = strings.get("msgid_plural")?.value;
  return { context: strings.get("msgctxt")?.value, source: source.value, plural, targets, notes };
}

function badLine(text: string, offset: number, line: string): LocalisationError {
  return new LocalisationError(
    "a PO file has a line that cannot be read",
    `${JSON.stringify(line.slice(0, 80))} at ${placeOf(text, offset)}`,
    "mend it: a line is a comment, or a keyword and a string in quotes, and each keyword stands once in a message",
  );
}

const CONTROLS: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescaped(string: string): string {
  return string.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return CONTROLS[code] ?? code;
  });
}
