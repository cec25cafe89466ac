import { withoutAccelerator } from "../../features/localisation/accelerator.js";
import { MOST_PLACEHOLDERS, placeholderSpans } from "../../features/localisation/placeholders.js";
import { placeholderTokens } from "../../features/tokenizer/translation-tokens.js";

/**
 * A pair as it is translated: without the marks of keyboard shortcuts where both sides have one, and with tokens in the
 * place of what must survive, the same on both sides; as it is where the sides do not have the same, or more of them than
 * there are tokens.
 */
export function withPlaceholderTokens<P extends { readonly source: string; readonly target: string }>(
  marked: P,
): P {
  const pair = withoutShortcuts(marked);
  const [source, target] = [pair.source, pair.target].map((text) => placeholderSpans(text));
  if (source.length !== target.length || source.length === 0 || source.length > MOST_PLACEHOLDERS)
    return pair;
  const names = source.map(({ begin, end }) => pair.source.slice(begin, end));
  const numbers: number[] = [];
  for (const { begin, end } of target) {
    const name = pair.target.slice(begin, end);
    const number = names.findIndex((one, i) => one === name && !numbers.includes(i));
    if (number < 0) return pair;
    numbers.push(number);
  }
  return {
    ...pair,
    source: replaced(pair.source, source, [...names.keys()]),
    target: replaced(pair.target, target, numbers),
  };
}

function withoutShortcuts<P extends { readonly source: string; readonly target: string }>(pair: P): P {
  const [source, target] = [pair.source, pair.target].map(withoutAccelerator);
  return source.accelerator && target.accelerator
    ? { ...pair, source: source.text, target: target.text }
    : pair;
}

function replaced(
  text: string,
  spans: readonly { readonly begin: number; readonly end: number }[],
  numbers: readonly number[],
): string {
  const starts = [0, ...spans.map(({ end }) => end)];
  const between = starts.map((start, i) => text.slice(start, spans[i]?.begin));
  return between.map((piece, i) => (i === 0 ? piece : placeholderTokens[numbers[i - 1]] + piece)).join("");
}
