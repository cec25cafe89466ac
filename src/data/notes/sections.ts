/** A text of notes in sections: what stands below a heading, up to the next one. */

/** A part of a text under one heading. */
export interface Section {
  /** The headings above it, the outermost first; none before the first heading of a text. */
  readonly headings: readonly string[];
  /** Headings and body, without blank lines around them. */
  readonly text: string;
  /** The body alone. */
  readonly body: string;
}

/** A heading among lines: of `line` and those up to `end`, which is not part of it. */
interface Heading {
  readonly line: number;
  readonly end: number;
  /** From 1 on. */
  readonly level: number;
  readonly title: string;
}

/**
 * The sections of a text, in order. Headings are those of Markdown, `# title` or a title over a line of `=` or `-`
 * (CommonMark 0.31, 4.2 and 4.3), and titles over a line of `*`, `~` or `^`, as plain text has them. What is fenced as
 * code holds none. A heading without a body is kept with the deeper one that follows it, or left out.
 */
export function sectionsOf(text: string): Section[] {
  const lines = text
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n")
    .split("\n");
  const headings = headingsOf(lines);
  const found: Section[] = [];
  const add = (above: readonly string[], from: number, body: number, end: number) => {
    const part = (start: number) => withoutBlankLines(lines.slice(start, end).join("\n"));
    found.push({ headings: above, text: part(from), body: part(body) });
  };
  const isBlank = (from: number, end: number) => lines.slice(from, end).every((line) => line.trim() === "");
  const first = headings[0]?.line ?? lines.length;
  if (!isBlank(0, first)) add([], 0, 0, first);
  const above: Heading[] = [];
  let start: number | undefined;
  for (const [i, heading] of headings.entries()) {
    while (above.length > 0 && above[above.length - 1].level >= heading.level) above.pop();
    above.push(heading);
    start ??= heading.line;
    const next = headings[i + 1];
    const end = next?.line ?? lines.length;
    const isEmpty = isBlank(heading.end, end);
    if (isEmpty && next && next.level > heading.level) continue;
    if (!isEmpty)
      add(
        above.map(({ title }) => title),
        start,
        heading.end,
        end,
      );
    start = undefined;
  }
  return found;
}

const withoutBlankLines = (text: string) => text.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();

const fenceMark = /^ {0,3}(`{3,}|~{3,})/;
const hashHeading = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
const underline = /^ {0,3}(([=\-*~^])\2+)[ \t]*$/;

function headingsOf(lines: readonly string[]): Heading[] {
  const found: Heading[] = [];
  // Plain text has its marks in the order of their depth; in Markdown `-` is below `=` always.
  const marks: string[] = [];
  let fence: string | undefined;
  for (const [i, line] of lines.entries()) {
    const title = underlinedTitle(lines, i);
    const mark = title === undefined ? fenceMark.exec(line)?.[1] : undefined;
    if (fence !== undefined) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
      continue;
    }
    fence = mark;
    const [, hashes, name = ""] = hashHeading.exec(line) ?? [];
    if (hashes && name !== "") found.push({ line: i, end: i + 1, level: hashes.length, title: name });
    if (hashes || title === undefined) continue;
    const kind = line.trim()[0];
    if (marks.length === 0 && kind === "-") marks.push("=");
    if (!marks.includes(kind)) marks.push(kind);
    found.push({ line: i - 1, end: i + 1, level: marks.indexOf(kind) + 1, title });
  }
  return found;
}

/** The title that line `i` underlines: one line after a blank one, no longer than the mark. */
function underlinedTitle(lines: readonly string[], i: number): string | undefined {
  const mark = underline.exec(lines[i])?.[1];
  const title = lines[i - 1]?.trim() ?? "";
  const isAlone = (lines[i - 2] ?? "").trim() === "";
  if (!mark || !isAlone || !/^[\p{L}\p{N}"'“(.[]/u.test(title)) return undefined;
  return mark.length >= title.length ? title : undefined;
}
