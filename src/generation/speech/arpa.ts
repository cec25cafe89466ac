import { DataError } from "../../files/errors.js";
import { type NgramEntry, NgramModel } from "./ngram.js";

/** An n-gram model as the text of an ARPA file (Doug Paul's format), which KenLM and SRILM read; seven digits. */
export function writeArpa(model: NgramModel): string {
  const counts = model.orders.map((ngrams, n) => `ngram ${n + 1}=${ngrams.size}`);
  const sections = model.orders.map((ngrams, n) => {
    const isLast = n === model.order - 1;
    const lines = [...ngrams].map(([ngram, { logProbability, backoff }]) =>
      isLast
        ? `${digits(logProbability)}\t${ngram}`
        : `${digits(logProbability)}\t${ngram}\t${digits(backoff)}`,
    );
    return [`\\${n + 1}-grams:`, ...lines, ""].join("\n");
  });
  return `\\data\\\n${counts.join("\n")}\n\n${sections.join("\n")}\n\\end\\\n`;
}

/** Without a minus before zero. */
function digits(value: number): string {
  return `${Number(value.toPrecision(7))}`.replace(/^-0$/, "0");
}

/**
 * Reads the text of an ARPA file, as KenLM and SRILM write it: tabs or spaces, a missing weight for backing off is 0,
 * anything may stand before `\data\`. Throws `DataError` with the line for what is damaged or cut off.
 */
export function readArpa(text: string, source = "the ARPA file"): NgramModel {
  const lines = new ArpaLines(text, source);
  const counts = readCounts(lines);
  const orders: Map<string, NgramEntry>[] = [];
  for (const [n, count] of counts.entries()) {
    const header = `\\${n + 1}-grams:`;
    if (lines.line !== header) throw lines.damaged(header);
    const ngrams = new Map<string, NgramEntry>();
    while (!lines.next().startsWith("\\")) readEntry(lines, n + 1, ngrams, orders[0] ?? ngrams);
    if (ngrams.size !== count) throw lines.damaged(`${count} ${n + 1}-grams, not ${ngrams.size},`);
    orders.push(ngrams);
  }
  if (lines.line !== "\\end\\") throw lines.damaged("\\end\\");
  return new NgramModel(orders);
}

/** The lines that hold something, one after another. */
class ArpaLines {
  private readonly lines: readonly string[];
  private at = -1;

  constructor(
    text: string,
    private readonly source: string,
  ) {
    this.lines = text.split("\n");
  }

  /** The current line. */
  get line(): string {
    return this.lines[this.at].trim();
  }

  next(): string {
    do this.at++;
    while (this.at < this.lines.length && this.line === "");
    if (this.at < this.lines.length) return this.line;
    throw this.damaged("more");
  }

  damaged(expected: string): DataError {
    const found = this.lines[this.at] ?? "the end";
    return new DataError(
      `an n-gram model is damaged: ${expected} expected`,
      `${this.source}, line ${this.at + 1}: ${JSON.stringify(found.slice(0, 80))}`,
      "fetch the file again, or train the model anew",
    );
  }
}

/** How many n-grams there are of each n; leaves the lines at the first section. */
function readCounts(lines: ArpaLines): number[] {
  while (lines.next() !== "\\data\\");
  const counts: number[] = [];
  while (lines.next().startsWith("ngram")) {
    const match = /^ngram\s+(\d+)\s*=\s*(\d+)$/.exec(lines.line);
    if (Number(match?.[1]) !== counts.length + 1)
      throw lines.damaged(`"ngram ${counts.length + 1}=" and a count`);
    counts.push(Number(match?.[2]));
  }
  if (counts.length === 0) throw lines.damaged('"ngram 1=" and a count');
  return counts;
}

function readEntry(
  lines: ArpaLines,
  n: number,
  ngrams: Map<string, NgramEntry>,
  unigrams: ReadonlyMap<string, NgramEntry>,
): void {
  const fields = lines.line.split(/[ \t]+/);
  const [probability, backoff = "0"] = [fields[0], fields[n + 1]];
  const words = fields.slice(1, n + 1);
  const entry = { logProbability: numberOf(probability), backoff: numberOf(backoff) };
  const isWhole = words.length === n && fields.length <= n + 2 && entry.logProbability <= 0;
  if (!isWhole || Number.isNaN(entry.backoff)) {
    throw lines.damaged(`a log-probability, ${n} words and perhaps a weight`);
  }
  const stranger = n === 1 ? undefined : words.find((word) => !unigrams.has(word));
  if (stranger !== undefined) throw lines.damaged("words that the 1-grams have");
  const ngram = words.join(" ");
  if (ngrams.has(ngram)) throw lines.damaged("an n-gram that is not there before");
  ngrams.set(ngram, entry);
}

/** NaN for what is none. */
function numberOf(field: string): number {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(field)
    ? Number(field)
    : field === "-inf"
      ? -Infinity
      : Number.NaN;
}
