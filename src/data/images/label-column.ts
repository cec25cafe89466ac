/** Names of columns that hold classes, the one to read first. */
const COLUMNS = [
  "label",
  "labels",
  "fine_label",
  "fine_labels",
  "class",
  "classes",
  "coarse_label",
  "coarse_labels",
];

/** Those of a table's columns that hold classes by their names, in any case, the one to read first. */
export function labelColumns(columns: readonly string[]): string[] {
  const place = (column: string) => COLUMNS.indexOf(column.toLowerCase());
  return columns.filter((column) => place(column) >= 0).sort((a, b) => place(a) - place(b));
}
