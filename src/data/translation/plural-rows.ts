import type { TextRow } from "./pair.js";

/**
 * A message, and its plural with the last form of the translation, which is that of most numbers. In languages of one form
 * the singular is left to the plural.
 */
export function* pluralRows(
  [one, many]: readonly (string | null | undefined)[],
  forms: readonly string[],
  [source, target]: readonly [string, string],
  origin: string,
): Generator<TextRow> {
  const row = (text: string, form: string) => ({ texts: { [source]: text, [target]: form }, origin });
  if (one && !(many && forms.length === 1)) yield row(one, forms[0]);
  if (many) yield row(many, forms[forms.length - 1]);
}
