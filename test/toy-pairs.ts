/** Sentences of a small English and their translations into a small German, word by word but for the verb, which is last. */
const adjectives = { red: "rote", old: "alte", small: "kleine", good: "gute" };
const nouns = { cat: "Katze", woman: "Frau", lamp: "Lampe", door: "Tür", flower: "Blume" };
const verbs = { sees: "sieht", finds: "findet", paints: "malt" };

/** `count` of them, all different, in an order that mixes them. */
export function toyPairs(count: number): { source: string; target: string }[] {
  const [a, n, v] = [adjectives, nouns, verbs].map((words) => Object.entries(words));
  const all = a.length * n.length * v.length * n.length;
  return Array.from({ length: count }, (_, i) => {
    let place = (i * 97) % all; // 97 has no factor in common with their number
    const take = (words: [string, string][]) => {
      const word = words[place % words.length];
      place = Math.floor(place / words.length);
      return word;
    };
    const [adjective, noun, verb, other] = [take(a), take(n), take(v), take(n)];
    return {
      source: `The ${adjective[0]} ${noun[0]} ${verb[0]} the ${other[0]}.`,
      target: `Die ${adjective[1]} ${noun[1]} die ${other[1]} ${verb[1]}.`,
    };
  });
}

/** The same with placeholders: "Open the door of {name}." */
export function toyMessages(): { source: string; target: string }[] {
  return Object.entries(nouns).flatMap(([noun, translated]) => [
    { source: `The ${noun} of {name}.`, target: `Die ${translated} von {name}.` },
    { source: `{count} of the ${noun}.`, target: `{count} von die ${translated}.` },
    { source: `The ${noun} %s.`, target: `Die ${translated} %s.` },
  ]);
}

export const asTsv = (pairs: readonly { source: string; target: string }[]) =>
  `en\tde\n${pairs.map(({ source, target }) => `${source}\t${target}\n`).join("")}`;
