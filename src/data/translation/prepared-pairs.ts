/** Pairs and sentences in a run's folder: texts, as each epoch may encode them anew. */
import type { Folder } from "../../files/folder.js";
import type { Pair, Sentence } from "./pair.js";
import { openPreparedTexts, writePreparedTexts } from "./prepared-texts.js";

/** What a run keeps of a pair. */
export type PreparedPair = Pick<Pair, "source" | "target" | "sourceLanguage" | "targetLanguage">;

/** Texts read by number, in constant time. */
export interface Prepared<T> {
  readonly count: number;
  /** Number `i`. Throws `ShardError` outside. */
  read(i: number): Promise<T>;
}

/** Writes pairs, also of several directions: see `writePreparedTexts`. */
export function writePreparedPairs(
  folder: Folder,
  name: string,
  pairs: Iterable<PreparedPair>,
): Promise<void> {
  return writePreparedTexts(folder, name, 2, rowsOf(pairs));
}

function* rowsOf(pairs: Iterable<PreparedPair>) {
  for (const { source, target, sourceLanguage, targetLanguage } of pairs) {
    yield { texts: [source, target], kind: `${sourceLanguage} ${targetLanguage}` };
  }
}

/** Opens them: see `openPreparedTexts`. `directions` are those that there are, the first pair's first. */
export async function openPreparedPairs(
  folder: Folder,
  name: string,
): Promise<
  Prepared<PreparedPair> & { readonly directions: readonly (readonly [source: string, target: string])[] }
> {
  const { count, kinds, read } = await openPreparedTexts(folder, name, 2);
  const directions = kinds.map(directionOf);
  return {
    count,
    directions,
    async read(i) {
      const { texts, kind } = await read(i);
      const [sourceLanguage, targetLanguage] = directionOf(kind);
      return { source: texts[0], target: texts[1], sourceLanguage, targetLanguage };
    },
  };
}

function directionOf(kind: string): readonly [string, string] {
  const [source, target] = kind.split(" ");
  return [source, target];
}

/** Writes texts of one language or several: see `writePreparedTexts`. */
export function writePreparedSentences(
  folder: Folder,
  name: string,
  sentences: readonly Sentence[],
): Promise<void> {
  const rows = sentences.map(({ text, language }) => ({ texts: [text], kind: language }));
  return writePreparedTexts(folder, name, 1, rows);
}

/** Opens them: see `openPreparedTexts`. */
export async function openPreparedSentences(
  folder: Folder,
  name: string,
): Promise<Prepared<Sentence> & { readonly languages: readonly string[] }> {
  const { count, kinds, read } = await openPreparedTexts(folder, name, 1);
  return {
    count,
    languages: kinds,
    async read(i) {
      const { texts, kind } = await read(i);
      return { text: texts[0], language: kind };
    },
  };
}
