import { placeholderTokens } from "../tokenizer/translation-tokens.js";

/** A piece of a text in which what must survive is hidden. */
export interface HiddenText {
  /** White space before and behind, which is not translated. */
  readonly before: string;
  readonly after: string;
  /** What is translated: the rest with `<ph0>`, `<ph1>`.. for what is hidden; empty where there is no letter in it. */
  readonly text: string;
  /** What each placeholder stands for. */
  readonly hidden: readonly string[];
}

/** What became of the placeholders of a source. */
export interface PlaceholderCheck {
  /** In the source, and fewer times in the target. */
  readonly lost: readonly string[];
  /** In both, and more often in the target. */
  readonly doubled: readonly string[];
  /** Only in the target. */
  readonly added: readonly string[];
  /** All are there, but `%s` and `%d` in another order, or a tag closes before it opens. */
  readonly isReordered: boolean;
}

/** How many placeholders the translator knows: `<ph0>` to `<ph9>`. */
export const MOST_PLACEHOLDERS = placeholderTokens.length;

/** printf's conversions. A flag may not be a space, nor a digit stand before: "50 % of", "100%d'accord". */
const PRINTF =
  /%%|(?<!\d)%(?:\d+\$|\([^()\s]+\))?[-+#0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z|j|t|L|q)?[diouxXeEfFgGaAcsp@]/;

const PRINTF_ALONE = new RegExp(`^(?:${PRINTF.source})$`);

/** What must come through a translation as it is, in this order of preference. */
const KINDS = [
  /(?<!`)(?<ticks>`+)(?!`)[^\n]*?[^`\n]\k<ticks>(?!`)/, // code
  /'[{}]+'/, // braces that an ICU message shows
  /<!--(?:(?!<!--).)*?-->|<\/?[A-Za-z][^<>]*>/s, // tags
  /\$\{[^{}]*\}|\{\{[^{}]*\}\}|%\{[^{}]*\}|\$t?\([^()]*\)|\{[^{}]*\}/, // ${a} {{a}} %{a} $(ARG1) $t(key) {a} {0, number}
  PRINTF,
  /(?<![\d%])%(?:\d+|[A-Z][A-Z_]+)(?!\w)/, // %1 %PRODUCTNAME
  /&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9a-fA-F]+);/, // entities
  /!?\[(?=[^[\]\n]*\]\()|\]\([^()\s]*(?:\s+"[^"\n]*")?\)/, // the two ends of a Markdown link
  /\*{1,3}(?![\s*])|(?<=[^\s*])\*{1,3}|~~/, // Markdown's emphasis
  /(?:https?|ftp|mailto|file):[^\s<>"'`]*[^\s<>"'`.,;:!?)]|www\.[^\s<>"'`]*[^\s<>"'`.,;:!?)]/, // addresses
  /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/, // e-mail
  /(?<!\w)#(?!\w)/, // the number of an ICU plural
  /\\[nrt"\\]|(?<!\s)\s*[\n\t]\s*/, // escapes that were left as they are, and lines
];
const ANY = new RegExp(KINDS.map(({ source }) => `(?:${source})`).join("|"), "gs");

/** What must survive in a text, in order. */
export function placeholdersOf(text: string): string[] {
  return text.match(ANY) ?? [];
}

/** Where placeholders begin, and where they end. */
export function placeholderSpans(text: string): { begin: number; end: number }[] {
  return [...text.matchAll(ANY)].map(({ 0: found, index }) => ({ begin: index, end: index + found.length }));
}

/**
 * A text with its placeholders hidden, in as many pieces as it takes for ten in each: tags, `%s %1$s %1 {a} {{a}} ${a}
 * $(A)`, entities, addresses, code, the ends of Markdown links, line ends. Pieces joined by `shownText` are the text.
 */
export function hidePlaceholders(text: string): HiddenText[] {
  const found = [...text.matchAll(ANY)];
  const cuts = found.filter((_, i) => i > 0 && i % MOST_PLACEHOLDERS === 0).map(({ index }) => index);
  return [0, ...cuts].map((begin, i) => hiddenPiece(text.slice(begin, cuts[i] ?? text.length)));
}

/** A piece with its placeholders back in a translation of its `text`; `<ph7>` without a seventh stays as it is. */
export function shownText({ before, after, hidden }: HiddenText, translation: string): string {
  const shown = translation.replace(/<ph(\d)>/g, (token, number: string) => hidden[Number(number)] ?? token);
  return `${before}${shown}${after}`;
}

/** Whether a translation has the placeholders of its source: each as often, and in order where order counts. */
export function checkPlaceholders(source: string, target: string): PlaceholderCheck {
  const [ours, theirs] = [placeholdersOf(source), placeholdersOf(target)];
  const [before, after] = [counted(ours), counted(theirs)];
  const kinds = [...new Set([...before.keys(), ...after.keys()])];
  const change = (kind: string) => (after.get(kind) ?? 0) - (before.get(kind) ?? 0);
  const lost = kinds.filter((kind) => change(kind) < 0);
  const doubled = kinds.filter((kind) => change(kind) > 0 && before.has(kind));
  const added = kinds.filter((kind) => !before.has(kind));
  const isWhole = lost.length + doubled.length + added.length === 0;
  return { lost, doubled, added, isReordered: isWhole && ordersIn(ours) !== ordersIn(theirs) };
}

function hiddenPiece(piece: string): HiddenText {
  const [, before, inner, after] = /^(\s*)(.*?)(\s*)$/s.exec(piece)!;
  const hidden: string[] = [];
  const text = inner.replace(ANY, (found) => placeholderTokens[hidden.push(found) - 1]);
  const isText = /\p{L}/u.test(text.replace(/<ph\d>/g, ""));
  return isText ? { before, text, after, hidden } : { before: piece, text: "", after: "", hidden: [] };
}

function counted(placeholders: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of placeholders.map(normalised)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Line ends count as such, whatever white space is around them. */
function normalised(placeholder: string): string {
  return /^\s*$/.test(placeholder) ? placeholder.replace(/[^\n\t]/g, "") : placeholder;
}

/** The orders that must stay: of conversions without a number or name, and of tags with the same name. */
function ordersIn(placeholders: readonly string[]): string {
  const orders = new Map<string, string[]>();
  for (const found of placeholders) {
    const isConversion = /^%(?![%(]|\d+\$)/.test(found) && PRINTF_ALONE.test(found);
    const order = isConversion ? "%" : /^<\/?([A-Za-z][\w:-]*)/.exec(found)?.[1];
    if (order !== undefined) orders.set(order, [...(orders.get(order) ?? []), found]);
  }
  return JSON.stringify([...orders].sort());
}
