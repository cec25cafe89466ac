import { SaxesParser } from "saxes";
import { LocalisationError } from "./errors.js";
import { pointer } from "./json-tree.js";
import { placeOf } from "./message-format.js";

/** An element, by offsets: from its "<" to behind its last ">", and what is between its tags. */
export interface XmlSpan {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly innerBegin: number;
  readonly innerEnd: number;
}

/** What is translated as one in XLIFF: a `trans-unit` of 1.2, a `segment` of 2.x. */
export interface XliffSegment {
  /** The ids of its file, unit and segment (its number, where it has none) as a JSON pointer. */
  readonly key: string;
  readonly source: XmlSpan;
  readonly target?: XmlSpan;
  /** Where a missing target belongs. */
  readonly behind: number;
  readonly notes: readonly string[];
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly begin: number;
  readonly innerBegin: number;
  readonly isTranslated: boolean;
  readonly isSelfClosing: boolean;
}

type Draft = { -readonly [Field in "source" | "target" | "behind"]?: XliffSegment[Field] };

/**
 * What is to be translated in XLIFF 1.2 or 2.x, in order; what says `translate="no"` is not.
 * @throws LocalisationError for bad XML, with its place, and what is no XLIFF.
 */
export function xliffSegments(text: string): XliffSegment[] {
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false });
  // An XML declaration must come first, so the parser does not see a byte order mark and lines before it.
  const skipped = /^\uFEFF?\s*/.exec(text)![0].length;
  const reading = new Reading(text);
  parser.on("error", (error) => {
    throw new LocalisationError(
      "an XLIFF file is not well-formed XML",
      `${error.message.replace(/^\S*: /, "")} at ${placeOf(text, parser.position + skipped)}`,
      "mend the file at that place",
    );
  });
  parser.on("opentag", ({ name, attributes, isSelfClosing }) =>
    reading.open({ name, attributes, isSelfClosing }, parser.position + skipped),
  );
  parser.on("closetag", () => reading.close(parser.position + skipped));
  parser.write(text.slice(skipped)).close();
  return reading.segments;
}

/** Puts together what the parser comes upon. */
class Reading {
  readonly segments: XliffSegment[] = [];
  private readonly path: Element[] = [];
  private draft: Draft = {};
  private notes: string[] = [];
  private segmentsOfUnit = 0;

  constructor(private readonly text: string) {}

  open(tag: Pick<Element, "name" | "attributes" | "isSelfClosing">, innerBegin: number): void {
    const parent = this.path.at(-1);
    if (!parent) requireXliff(tag);
    const begin = this.text.lastIndexOf("<", innerBegin - 1);
    const { translate = parent?.isTranslated === false ? "no" : "yes" } = tag.attributes;
    this.path.push({ ...tag, begin, innerBegin, isTranslated: translate !== "no" });
    if (isUnit(tag.name)) [this.notes, this.segmentsOfUnit] = [[], 0];
    if (isSegment(tag.name)) this.draft = {};
  }

  close(end: number): void {
    const element = this.path.pop()!;
    const parent = this.path.at(-1);
    const name = local(element.name);
    const span = this.spanOf(element, end);
    if (parent && isSegment(parent.name)) {
      if (name === "source" || name === "target") this.draft[name] = span;
      if (name === "source" || name === "seg-source") this.draft.behind = span.end;
    }
    if (name === "note") this.notes.push(readable(this.text.slice(span.innerBegin, span.innerEnd)).trim());
    if (isSegment(element.name)) this.finish(element);
  }

  private spanOf({ name, begin, innerBegin, isSelfClosing }: Element, end: number): XmlSpan {
    const innerEnd = isSelfClosing ? innerBegin : this.text.lastIndexOf("<", end - 1);
    return { name, begin, end, innerBegin, innerEnd };
  }

  private finish(element: Element): void {
    const { source, target, behind } = this.draft;
    const number = `${this.segmentsOfUnit++}`;
    if (!source || behind === undefined || !element.isTranslated) return;
    const ids = [...this.path, element].flatMap(({ name, attributes }) => {
      if (local(name) === "file") return [attributes.original ?? attributes.id ?? ""];
      if (isUnit(name)) return [attributes.id ?? ""];
      return isSegment(name) ? [attributes.id ?? number] : [];
    });
    const key = ids.reduce(pointer, "");
    this.segments.push({ key, source, target, behind, notes: this.notes });
  }
}

function requireXliff({ name, attributes }: Pick<Element, "name" | "attributes">): void {
  if (local(name) === "xliff" && /^(?:1\.2|2\.\d)$/.test(attributes.version ?? "")) return;
  throw new LocalisationError(
    "a file is not XLIFF 1.2 or 2",
    `its root is <${name}${attributes.version === undefined ? "" : ` version="${attributes.version}"`}>`,
    "export XLIFF 1.2, 2.0 or 2.1",
  );
}

/**
 * XML's text with its tags; of references only those remain that must: `&amp;`, `&lt;`, `&gt;`. CDATA becomes text.
 */
export function readable(xml: string): string {
  return xml
    .replace(/<!\[CDATA\[(.*?)\]\]>/gs, (_, data: string) => escaped(data))
    .replace(/&#(x[0-9a-fA-F]+|[0-9]+);/g, (_, code: string) =>
      escaped(String.fromCodePoint(Number(code.startsWith("x") ? `0${code}` : code))),
    )
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const local = (name: string) => name.replace(/^.*:/, "");
const isUnit = (name: string) => /^(?:.*:)?(?:trans-)?unit$/.test(name);
const isSegment = (name: string) => /^(?:.*:)?(?:trans-unit|segment)$/.test(name);
