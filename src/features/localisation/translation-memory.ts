/** A source and how it was translated. */
export interface Remembered {
  readonly source: string;
  readonly target: string;
}

/** What was translated before. */
export interface TranslationMemory {
  /** The translation of the same source, but for white space; the most frequent one, of equals the first. */
  exact(source: string): string | undefined;
  /**
   * The most similar source, and how far it is: edits (Levenshtein, of code points) over the longer length, 0 to 1.
   * Undefined where none is nearer than `farthest`. Of many sources only those are compared that have the most
   * neighbouring letters in common.
   */
  nearest(source: string, farthest?: number): (Remembered & { readonly distance: number }) | undefined;
}

interface Text {
  readonly characters: readonly string[];
  /** Neighbouring characters, by what is left of their codes. */
  readonly neighbours: Uint16Array;
}

type Entry = Remembered & Text;

const MOST_COMPARED = 200;
const KINDS = 64;

/** A memory of pairs; what has an empty side is not remembered. */
export function translationMemory(pairs: Iterable<Remembered>): TranslationMemory {
  const targets = new Map<string, Map<string, number>>();
  for (const { source, target } of pairs) {
    const key = normalised(source);
    if (key === "" || target.trim() === "") continue;
    const counts = targets.get(key) ?? new Map<string, number>();
    targets.set(key, counts.set(target, (counts.get(target) ?? 0) + 1));
  }
  const best = new Map([...targets].map(([source, counts]) => [source, mostFrequent(counts)]));
  let entries: readonly Entry[] | undefined;
  return {
    exact: (source) => best.get(normalised(source)),
    nearest(source, farthest = 1) {
      entries ??= [...best].map(([known, target]) => ({ source: known, target, ...textOf(known) }));
      const text = textOf(normalised(source));
      return nearestOf(likeliest(entries, text), text, farthest);
    },
  };
}

function normalised(text: string): string {
  return text.normalize("NFC").replace(/\s+/g, " ").trim();
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function textOf(text: string): Text {
  const characters = [...text];
  const neighbours = new Uint16Array(KINDS);
  const codes = characters.map((character) => character.codePointAt(0)!);
  for (const [i, code] of codes.entries()) neighbours[(31 * code + (codes[i + 1] ?? 0)) % KINDS]++;
  return { characters, neighbours };
}

/** Those with the most in common, in their order. */
function likeliest(entries: readonly Entry[], { neighbours, characters }: Text): readonly Entry[] {
  if (entries.length <= MOST_COMPARED) return entries;
  const shares = Float64Array.from(entries, (entry) => {
    let common = 0;
    for (let kind = 0; kind < KINDS; kind++) common += Math.min(neighbours[kind], entry.neighbours[kind]);
    return common / Math.max(characters.length, entry.characters.length);
  });
  const least = shares.toSorted()[entries.length - MOST_COMPARED];
  return entries.filter((_, i) => shares[i] >= least);
}

function nearestOf(entries: readonly Entry[], { characters }: Text, farthest: number) {
  let found: (Remembered & { distance: number }) | undefined;
  for (const { source, target, characters: other } of entries) {
    const longer = Math.max(characters.length, other.length);
    const bound = found?.distance ?? farthest;
    // Fewer edits than the nearest so far needs, or else it does not matter how many.
    const edits = editsWithin(characters, other, Math.ceil(bound * longer) - 1);
    if (edits !== undefined) found = { source, target, distance: edits / longer };
    if (found?.distance === 0) break;
  }
  return found;
}

/** The edit distance where it is at most `most`. */
function editsWithin(a: readonly string[], b: readonly string[], most: number): number | undefined {
  if (Math.abs(a.length - b.length) > most) return undefined;
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, character] of a.entries()) {
    const here = [row + 1];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1] + (b[column - 1] === character ? 0 : 1);
      here.push(Math.min(replaced, above[column] + 1, here[column - 1] + 1));
    }
    if (Math.min(...here) > most) return undefined;
    above = here;
  }
  return above[b.length] <= most ? above[b.length] : undefined;
}
