/** Tables of the benchmark, in Markdown. */
import type { Spread } from "./figures.js";

/** The first column is text, the others are numbers. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

/** "1.50 (1.25..2.00)", or "-" for what was not measured. */
export const spread = (ratio: Spread | undefined): string =>
  ratio ? `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})` : "-";

/** Three digits: 12345 is "12,300". */
export const speed = (perSecond: number): string => Number(perSecond.toPrecision(3)).toLocaleString("en-US");
