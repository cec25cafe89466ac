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
   * Undefined where none is nearer than `farthest`.
   */
  nearest(source: string, farthest?: number): (Remembered & { readonly distance: number }) | undefined;
}

interface Entry extends Remembered {
  readonly characters: readonly string[];
}

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
      entries ??= [...best].map(([known, target]) => ({ source: known, target, characters: [...known] }));
      return nearestOf(entries, [...normalised(source)], farthest);
    },
  };
}

function normalised(text: string): string {
  return text.normalize("NFC").replace(/\s+/g, " ").trim();
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function nearestOf(entries: readonly Entry[], characters: readonly string[], farthest: number) {
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
