import { csvRows } from "../../data/images/csv.js";
import { LocalisationError } from "./errors.js";

/** A term that is always translated in the same way. */
export interface GlossaryTerm {
  readonly source: string;
  readonly target: string;
  readonly note?: string;
}

/**
 * A glossary from CSV: source, target and, where wanted, a note; a first row "source,target" is a heading.
 * @throws LocalisationError where a side is empty, a row has other columns, or a term comes twice.
 */
export function readGlossary(csv: string): GlossaryTerm[] {
  const rows = rowsOf(csv);
  const [heading = []] = rows;
  const isHeading = /^source,target(?:,note)?$/i.test(heading.map((cell) => cell.trim()).join());
  const seen = new Set<string>();
  return rows.slice(isHeading ? 1 : 0).map((row) => {
    const [source, target, note] = row.map((cell) => cell.trim().normalize("NFC"));
    if (!source || !target || row.length > 3) throw bad("is not a source, a target and a note", row);
    if (seen.has(source)) throw bad("has a term that came before", row);
    seen.add(source);
    return { source, target, note: note || undefined };
  });
}

/** The terms that a text has as whole words, case as it is; longer ones hide shorter ones within them. */
export function termsIn(glossary: readonly GlossaryTerm[], text: string): GlossaryTerm[] {
  let rest = text.normalize("NFC");
  return glossary
    .toSorted((a, b) => b.source.length - a.source.length)
    .filter(({ source }) => {
      const without = rest.replace(wholeWord(source), "\n");
      const isThere = without !== rest;
      rest = without;
      return isThere;
    });
}

/** The terms of a source whose translation is not in the target, whatever its case. */
export function missingTerms(
  glossary: readonly GlossaryTerm[],
  source: string,
  target: string,
): GlossaryTerm[] {
  const lower = target.normalize("NFC").toLowerCase();
  return termsIn(glossary, source).filter((term) => !lower.includes(term.target.toLowerCase()));
}

/** Where a term begins or ends with a letter or digit, none may be beside it; Chinese and Japanese have no such gaps. */
function wholeWord(term: string): RegExp {
  const isSpaced = !/[\p{Script=Han}\p{Script=Hira}\p{Script=Kana}]/u.test(term);
  const edge = (side: string, at: RegExp) => (isSpaced && at.test(term) ? side : "");
  const before = edge("(?<![\\p{L}\\p{N}])", /^[\p{L}\p{N}]/u);
  const after = edge("(?![\\p{L}\\p{N}])", /[\p{L}\p{N}]$/u);
  return new RegExp(`${before}${term.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}${after}`, "gu");
}

function rowsOf(csv: string): string[][] {
  try {
    return csvRows(csv);
  } catch (error) {
    throw new LocalisationError(
      "a glossary is not CSV",
      error instanceof Error ? error.message : String(error),
      "close every quote; a quote within quotes is doubled",
      { cause: error },
    );
  }
}

function bad(what: string, row: readonly string[]): LocalisationError {
  return new LocalisationError(
    `a row of a glossary ${what}`,
    JSON.stringify(row),
    "write source,target or source,target,note, each source once; put cells with commas in quotes",
  );
}
