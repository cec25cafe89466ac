/** Numbers as they are said in American English: "one hundred twenty three", without "and". */

const BELOW_TWENTY =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(
    " ",
  );
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const IRREGULAR_ORDINALS: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
};

/** The largest number that is spelled. */
export const LARGEST_SPELLED = 999_999;

/** The words of a whole number from 0 to `LARGEST_SPELLED`. */
export function cardinal(value: number): string {
  if (value < 20) return BELOW_TWENTY[value];
  if (value < 100) return joined(TENS[Math.floor(value / 10) - 2], value % 10);
  if (value < 1000) return joined(`${cardinal(Math.floor(value / 100))} hundred`, value % 100);
  return joined(`${cardinal(Math.floor(value / 1000))} thousand`, value % 1000);
}

/** The words of the ordinal of such a number: "twenty first". */
export function ordinal(value: number): string {
  const words = cardinal(value).split(" ");
  const last = words.pop()!;
  const regular = last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`;
  return [...words, IRREGULAR_ORDINALS[last] ?? regular].join(" ");
}

/** Figures one after another: "007" is "zero zero seven". */
export function digitByDigit(figures: string): string {
  return Array.from(figures, (figure) => BELOW_TWENTY[Number(figure)]).join(" ");
}

function joined(words: string, rest: number): string {
  return rest === 0 ? words : `${words} ${cardinal(rest)}`;
}
