/** Writes music: from nothing, on from what is there, or between what is there. */
import type { Alphabet } from "../../features/music/alphabet.js";
import { endOfPiece, infillWords } from "../../features/music/music-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import type { DecoderSession } from "../decoder-session.js";
import { generate } from "../generate.js";
import type { Sampling } from "../sampling.js";
import { musicConstraint } from "./music-constraint.js";

type Bars = readonly (readonly string[])[];

/** What to write, and how. */
export interface ComposeOptions extends Sampling {
  /** Bars to write. */
  readonly bars: number;
  /** Pieces, each another. */
  readonly count: number;
  /** What stands before; it may be empty. */
  readonly before: Bars;
  /** What stands after, where bars are to be filled in. */
  readonly after?: Bars;
  readonly seed?: number;
  /** Told of the words written, of all pieces. */
  readonly onWords?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The words of each piece, with what stands around them. Of more than the model's context what is farthest away is not
 * seen. Throws `GenerationError` for settings out of range.
 */
export async function compose(
  session: DecoderSession,
  tokenizer: Tokenizer,
  alphabet: Alphabet,
  options: ComposeOptions,
): Promise<string[][]> {
  const { bars, count, before, after, seed, onWords, signal, ...sampling } = options;
  const { contextLength } = session.model;
  const prompt = musicPrompt(before, after, { bars, contextLength });
  let written = 0;
  const results = await generate(session, tokenizer, {
    ...{ ...sampling, seed, signal },
    prompts: Array.from({ length: count }, () => prompt.join(" ")),
    maxTokens: mostWordsPerBar * bars,
    constraint: () => musicConstraint(tokenizer, alphabet, { before: after ? [] : before.flat(), bars }),
    onText: () => onWords?.(++written),
  });
  return results.map(({ tokens }) => {
    const own = Array.from(tokens, (id) => tokenizer.idToToken(id)!);
    return [...before.flat(), ...wholeBars(own, alphabet, bars), ...(after ?? []).flat()];
  });
}

/** Longer bars would be noise; they break off. */
const mostWordsPerBar = 600;
/**
 * As training has them: after the end of a piece; or between marks, as many bars from both sides as leave room for bars as
 * long as the longest around.
 */
export function musicPrompt(
  before: Bars,
  after: Bars | undefined,
  { bars, contextLength }: { readonly bars: number; readonly contextLength: number },
): string[] {
  if (!after) return [endOfPiece, ...before.flat()];
  const longest = Math.max(1, ...[...before.slice(-4), ...after.slice(0, 4)].map((bar) => bar.length));
  const marks = Object.keys(infillWords).length;
  const room = Math.max(0, contextLength - marks - bars * longest);
  const half = fitting(before, room / 2, true);
  const suffix = fitting(after, room - half.length, false);
  const prefix = fitting(before, room - suffix.length, true);
  return [infillWords.prefix, ...prefix, infillWords.suffix, ...suffix, infillWords.middle];
}

/** As many whole bars as fit, from the end or the beginning on. */
function fitting(bars: Bars, room: number, fromEnd: boolean): readonly string[] {
  const kept: (readonly string[])[] = [];
  let length = 0;
  for (const bar of fromEnd ? bars.toReversed() : bars) {
    length += bar.length;
    if (length > room) break;
    kept.push(bar);
  }
  return (fromEnd ? kept.toReversed() : kept).flat();
}

/** Without the word that would begin one bar more. */
function wholeBars(words: readonly string[], { barWord }: Alphabet, bars: number): readonly string[] {
  const starts = [...words.keys()].filter((i) => words[i] === barWord);
  return starts.length > bars ? words.slice(0, starts[bars]) : words;
}
