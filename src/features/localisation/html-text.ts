/** Texts of HTML: references to characters, and space. */

/** A text as it is read; a string is source that stays as it is. */
export type HtmlPiece = string | { readonly text: string };

/**
 * What a text between tags says. Space around it, and references that nobody here knows, are pieces that stay; runs
 * of space inside are one, as browsers show them.
 */
export function decodeReferences(source: string): HtmlPiece[] {
  const pieces: HtmlPiece[] = [];
  let text = "";
  for (const [i, part] of source.split(/(&(?:#\d+|#x[\da-f]+|[a-z][a-z\d]*);?)/i).entries()) {
    const read = i % 2 === 1 ? characterOf(part) : part;
    if (read !== undefined) text += read;
    else {
      pieces.push(...trimmed(text), part);
      text = "";
    }
  }
  return [...pieces, ...trimmed(text)];
}

/** A text as source between tags. */
export function encodeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\u00a0", "&nbsp;");
}

function trimmed(text: string): HtmlPiece[] {
  const body = text.replace(/^[ \t\n\f\r]+/, "");
  const inner = body.replace(/(?<![ \t\n\f\r])[ \t\n\f\r]+$/, "");
  const before = text.slice(0, text.length - body.length);
  if (inner === "") return before === "" ? [] : [before];
  const said = { text: inner.replace(/[ \t\n\f\r]+/g, " ") };
  return [before, said, body.slice(inner.length)].filter((piece) => piece !== "");
}

/** Nothing for a name that is not known; without its semicolon it is taken for text. */
function characterOf(reference: string): string | undefined {
  const [, hex, decimal, name] = /^&(?:#x([\da-f]+)|#(\d+)|(\w+))/i.exec(reference)!;
  if (name !== undefined) return named.get(name) ?? (reference.endsWith(";") ? undefined : reference);
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : "\ufffd";
}

/** HTML 4's names of U+00A0 to U+00FF, in their order. */
const latin1 =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro " +
  "para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil " +
  "Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave " +
  "Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml " +
  "igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute " +
  "thorn yuml";

const named: ReadonlyMap<string, string> = new Map([
  ...latin1.split(" ").map((name, i) => [name, String.fromCharCode(0xa0 + i)] as const),
  ...Object.entries({
    ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" },
    ...{ ndash: "–", mdash: "—", hellip: "…", bull: "•", euro: "€", trade: "™", OElig: "Œ", oelig: "œ" },
    ...{ lsquo: "‘", rsquo: "’", sbquo: "‚", ldquo: "“", rdquo: "”", bdquo: "„", lsaquo: "‹", rsaquo: "›" },
  }),
]);
