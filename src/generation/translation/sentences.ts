/** Texts in pieces that a model of single sentences can translate, and together again. */

/** A sentence, or a part of one. */
export interface Piece {
  /** Without white space at its ends. */
  readonly text: string;
  /** The white space up to the next piece. */
  readonly after: string;
  /** It is a part of a sentence that was too long. */
  readonly isPart: boolean;
}

/** A text is the white space before it, and its pieces. */
export interface PiecedText {
  readonly before: string;
  readonly pieces: readonly Piece[];
}

/** Languages that are written without spaces between sentences. */
const unspaced = new Set(["zh", "ja", "th", "lo", "km", "my", "yue"]);
/** Marks that have their space inside. */
const wideMark = /[，；：、。！？]$/u;
/** Where a long sentence may be cut, best first: behind a clause, before a word. */
const places = [/(?<=[,;:–—]\s+|[，；：、])(?=\S)/gu, /(?<=\s)(?=\S)/gu];
/** What often stands inside a sentence, although a capital follows: titles, "z. B.", "J. Smith". */
const abbreviation = /(?:^|[\s(])(?:\p{L}|Mrs?|Ms|Dr|Prof|St|Hr|Fr|Nr|Mme|vs|bzw|ca)\.\s*$/u;

const sentenceBreaks = new Intl.Segmenter("en", { granularity: "sentence" });
const characterBreaks = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Cuts a text into its lines' sentences (Unicode Standard Annex 29). A sentence that does not fit is cut in two near
 * its middle, behind a clause, a word or a character, until all parts fit; nothing is left out.
 */
export function piecesOf(text: string, fits: (sentence: string) => boolean): PiecedText {
  const [before] = /^\s*/.exec(text)!;
  const pieces = sentencesOf(text.slice(before.length)).flatMap((sentence) => {
    const parts = partsOf(sentence, fits);
    return parts.map((part) => {
      const [after] = /\s*$/.exec(part)!;
      return { text: part.slice(0, part.length - after.length), after, isPart: parts.length > 1 };
    });
  });
  return { before, pieces };
}

/** A text of translated pieces, with the white space that its language has between sentences of a line. */
export function joinPieces(
  { before, pieces }: PiecedText,
  translated: readonly string[],
  to: string,
): string {
  const isUnspaced = unspaced.has(to.split(/[-_]/)[0]);
  const all = pieces.map(({ text, after }, i) => {
    const isLast = i === pieces.length - 1;
    if (isUnspaced && !isLast && after === " " && wideMark.test(translated[i])) return translated[i];
    if (!isUnspaced && !isLast && after === "" && wideMark.test(text)) return `${translated[i]} `;
    return translated[i] + after;
  });
  return before + all.join("");
}

function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const { segment } of sentenceBreaks.segment(text)) {
    const last = sentences.at(-1);
    if (last === undefined) sentences.push(segment);
    else if (abbreviation.test(last) && !last.endsWith("\n")) sentences[sentences.length - 1] += segment;
    else {
      const [space] = /^\s*/.exec(segment)!;
      sentences[sentences.length - 1] += space;
      if (space.length < segment.length) sentences.push(segment.slice(space.length));
    }
  }
  return sentences;
}

function partsOf(sentence: string, fits: (sentence: string) => boolean): string[] {
  if (fits(sentence.trimEnd())) return [sentence];
  const at = cut(sentence);
  if (at === undefined) return [sentence];
  return [...partsOf(sentence.slice(0, at), fits), ...partsOf(sentence.slice(at), fits)];
}

/** The place to cut at that is nearest to the middle, of the best sort that there is. */
function cut(sentence: string): number | undefined {
  for (const pattern of places) {
    const at = nearestToMiddle(
      sentence,
      [...sentence.matchAll(pattern)].map(({ index }) => index),
    );
    if (at !== undefined) return at;
  }
  const characters = Array.from(characterBreaks.segment(sentence), ({ index }) => index);
  return nearestToMiddle(
    sentence,
    characters.filter((at) => !isInsideTag(sentence, at)),
  );
}

function nearestToMiddle({ length }: string, indices: readonly number[]): number | undefined {
  const distance = (at: number) => Math.abs(at - length / 2);
  const inside = indices.filter((at) => at > 0 && at < length);
  return inside.reduce<number | undefined>(
    (best, at) => (best === undefined || distance(at) < distance(best) ? at : best),
    undefined,
  );
}

function isInsideTag(text: string, at: number): boolean {
  return /<[^<>]*$/.test(text.slice(0, at)) && /^[^<>]*>/.test(text.slice(at));
}
