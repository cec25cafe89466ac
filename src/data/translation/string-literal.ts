/** A string of JavaScript as it stands in a program, for regular expressions. */
export const STRING_LITERAL = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\`(?:[^\`\\]|\\.)*\``;

/** What it says: with its quotes changed it is one of JSON. */
export function textOfLiteral(literal: string): string {
  const inner = literal.slice(1, -1).replace(/\\(['`])/g, "$1");
  const inJson = (found: string, escaped?: string) => escaped ?? JSON.stringify(found).slice(1, -1);
  return JSON.parse(`"${inner.replace(/(\\.)|["\t\r\n]/g, inJson)}"`);
}
