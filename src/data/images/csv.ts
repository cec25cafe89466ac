/** The rows of a CSV text: quotes keep commas, line ends and, doubled, quotes. [RFC 4180] */
export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /"((?:[^"]|"")*)"(,|\r?\n|$)|([^",\r\n][^,\r\n]*)?(,|\r?\n|$)/gy;
  const source = text.replace(/^\uFEFF/, "");
  while (field.lastIndex < source.length) {
    const start = field.lastIndex;
    const found = field.exec(source);
    if (!found) throw new Error(`line ${source.slice(0, start).split("\n").length}: a quote is not closed`);
    const [, quoted, afterQuoted, bare, afterBare] = found;
    row.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    const end = afterQuoted ?? afterBare;
    if (end === ",") {
      if (field.lastIndex === source.length) row.push("");
      if (field.lastIndex < source.length) continue;
    }
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}
