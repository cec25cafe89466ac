/** A line, by offsets; `end` is before its line end and white space there. */
interface Line {
  readonly begin: number;
  readonly end: number;
  readonly text: string;
}

/** A text of a Markdown file, by offsets. */
export interface MarkdownText {
  readonly begin: number;
  readonly end: number;
  /** Lines of a paragraph are joined by a space. */
  readonly source: string;
  /** Whether it is a cell of a table, where "|" is written with a backslash. */
  readonly isCell?: boolean;
}

const FRONT_MATTER =
  /^\uFEFF?(?:---[ \t]*\r?\n[\s\S]*?\n(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n[\s\S]*?\n\+\+\+)[ \t]*(?=\r?\n|$)/;
const FENCE = /^(`{3,}(?=[^`]*$)|~{3,}|\${2,}|:{3,})/;
const HTML =
  /^<(?:[!?]|\/?(?:address|article|aside|blockquote|body|br|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe|img|legend|li|link|main|menu|nav|ol|p|picture|pre|script|section|source|style|summary|svg|table|tbody|td|template|textarea|tfoot|th|thead|title|tr|ul|video)(?![\w-])|\/?[A-Za-z][\w-]*(?:\s[^<>]*)?\/?>$)/i;
/** HTML that blank lines do not end. */
const HTML_UNTIL = [
  { open: /^<!--/, close: /-->/ },
  { open: /^<(?:script|pre|style|textarea)\b/i, close: /<\/(?:script|pre|style|textarea)>/i },
];
const RULE = /^(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$/;
/** A link's, or the kind of a GitHub alert. */
const DEFINITION = /^\[(?:[^\]^][^\]]*\]:\s*\S|![A-Z]+\]$)/;
const DELIMITERS = /^\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?$/;
/** What may stand before the text of a line: quotes, list markers with check boxes, footnotes. */
const MARKER = /^(?:>[ \t]?|(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(?:\[[ xX]\][ \t]+)?|$)|\[\^[^\]]+\]:[ \t]+)/;

/**
 * What is translated in Markdown (CommonMark with GitHub's tables): headings, paragraphs, items, cells. Left out are
 * front matter, code, HTML blocks, mathematics, rules and definitions of links; fences of ":::" are left out, what is
 * between them is not.
 */
export function markdownTexts(text: string): MarkdownText[] {
  const reader = new BlockReader();
  const begin = FRONT_MATTER.exec(text)?.[0].length ?? (text.startsWith("\uFEFF") ? 1 : 0);
  const lines = linesOf(text, begin);
  for (const [i, line] of lines.entries()) reader.read(line, lines[i + 1]);
  reader.endParagraph();
  return reader.texts;
}

function linesOf(text: string, from: number): Line[] {
  const lines: Line[] = [];
  for (let begin = from; begin <= text.length; ) {
    const found = text.indexOf("\n", begin);
    const next = found < 0 ? text.length : found;
    const content = text.slice(begin, next).replace(/\r$/, "");
    lines.push({ begin, end: begin + content.trimEnd().length, text: content });
    begin = next + 1;
  }
  return lines;
}

class BlockReader {
  readonly texts: MarkdownText[] = [];
  private paragraph: MarkdownText[] = [];
  /** What ends the block that is skipped. */
  private skippedUntil: ((content: string) => boolean) | undefined;
  private isTable = false;
  /** The column where the innermost list item's text begins. */
  private itemColumn = 0;
  /** In how many quotes it is. */
  private itemQuotes = 0;

  read(line: Line, next: Line | undefined): void {
    const { column, content, hasMarker } = this.withoutMarkers(line);
    if (this.skippedUntil) {
      if (this.skippedUntil(line.text.trim())) this.skippedUntil = undefined;
      return;
    }
    if (hasMarker) this.endParagraph();
    const begin = line.begin + column;
    const [, marks, heading] = /^(#{1,6}[ \t]+)(.*?)(?:[ \t]+#+)?$/.exec(content) ?? [];
    if (content === "" || this.isCode(line, column, hasMarker) || this.isLeftOut(content))
      this.endParagraph();
    else if (marks !== undefined) this.alone(begin + marks.length, heading);
    else if (this.isRow(content, next)) this.cells(begin, content);
    else this.add(line, begin, content);
  }

  endParagraph(): void {
    this.isTable = false;
    if (this.paragraph.length === 0) return;
    const source = this.paragraph.map((part) => part.source).join(" ");
    this.texts.push({ begin: this.paragraph[0].begin, end: this.paragraph.at(-1)!.end, source });
    this.paragraph = [];
  }

  /** Strips quotes and list markers; a list lasts until a line is indented less. */
  private withoutMarkers({ text }: Line): { column: number; content: string; hasMarker: boolean } {
    const indent = /^[ \t]*/.exec(text)![0].length;
    const isRest = this.paragraph.length > 0 || this.skippedUntil !== undefined;
    const quotes = /^[ \t>]*/.exec(text)![0].replace(/[ \t]/g, "").length;
    const isOutside = quotes < this.itemQuotes || (quotes === 0 && indent < this.itemColumn);
    if (text.trim() !== "" && isOutside && !isRest) [this.itemColumn, this.itemQuotes] = [0, 0];
    let [column, hasMarker] = [indent, false];
    if (this.skippedUntil || indent - this.itemColumn >= 4) {
      return { column, content: text.slice(column).trimEnd(), hasMarker };
    }
    for (;;) {
      const rest = text.slice(column).trimEnd();
      const marker = RULE.test(rest) ? undefined : MARKER.exec(rest)?.[0];
      if (marker === undefined || this.isOnlyNumber(rest)) return { column, content: rest, hasMarker };
      column += marker.length;
      if (!marker.startsWith(">")) [this.itemColumn, this.itemQuotes, hasMarker] = [column, quotes, true];
      column += /^[ \t]*/.exec(text.slice(column))![0].length;
    }
  }

  /** "1986. A year" within a paragraph is no list: only 1 may interrupt one. */
  private isOnlyNumber(rest: string): boolean {
    return this.paragraph.length > 0 && /^(?!1[.)])\d+[.)]/.test(rest) && this.itemColumn === 0;
  }

  private isCode({ text }: Line, column: number, hasMarker: boolean): boolean {
    const indentation = text.slice(Math.min(this.itemColumn, column), column).replace(/>[ \t]?/g, "");
    return this.paragraph.length === 0 && !hasMarker && /^(?:\t| {4})/.test(indentation);
  }

  /** Whether it is the underline of a heading, a rule or a definition, or begins a block that is left out. */
  private isLeftOut(content: string): boolean {
    if (/^(?:=+|-+)$/.test(content) && this.paragraph.length > 0) return true;
    if (RULE.test(content) || DEFINITION.test(content) || /^#+$/.test(content)) return true;
    const fence = FENCE.exec(content)?.[1];
    if (fence?.startsWith(":")) return true;
    if (fence !== undefined) {
      const isClosed = fence.startsWith("$") && content.length > 2 && content.endsWith("$$");
      const closing = new RegExp(`^(?:>[ \\t]?)*\\${fence[0]}{${fence.length},}$`);
      this.skippedUntil = isClosed
        ? undefined
        : (line) => closing.test(line) || (fence[0] === "$" && line.endsWith("$$"));
      return true;
    }
    if (this.paragraph.length > 0 || !HTML.test(content)) return false;
    const until = HTML_UNTIL.find(({ open }) => open.test(content));
    if (!until) this.skippedUntil = (line) => line === "";
    else if (!until.close.test(content)) this.skippedUntil = (line) => until.close.test(line);
    return true;
  }

  private isRow(content: string, next: Line | undefined): boolean {
    if (this.isTable) return content.includes("|");
    const below = next?.text.replace(/^[\s>]*/, "").trimEnd() ?? "";
    return (
      this.paragraph.length === 0 && content.includes("|") && below.includes("|") && DELIMITERS.test(below)
    );
  }

  private cells(begin: number, row: string): void {
    this.isTable = true;
    if (DELIMITERS.test(row)) return;
    for (const { 0: cell, index } of row.matchAll(/(?:\\.|[^|])+/g)) {
      const source = cell.trim();
      const at = begin + index + cell.indexOf(source);
      if (source !== "") this.texts.push({ begin: at, end: at + source.length, source, isCell: true });
    }
  }

  private alone(begin: number, source: string): void {
    this.endParagraph();
    if (source !== "") this.texts.push({ begin, end: begin + source.length, source });
  }

  /** A hard line break ends a text, and stays. */
  private add({ end, text }: Line, begin: number, content: string): void {
    if (this.isTable) this.endParagraph();
    const isBroken = / {2,}$/.test(text) || content.endsWith("\\");
    const source = content.endsWith("\\") ? content.slice(0, -1).trimEnd() : content;
    const last = end - (content.length - source.length);
    if (source !== "") this.paragraph.push({ begin, end: last, source });
    if (isBroken) this.endParagraph();
  }
}
