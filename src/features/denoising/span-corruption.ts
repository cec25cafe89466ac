/** Span corruption (Raffel et al., "T5", 2020, section 3.1.4): what is missing is told, span by span, and nothing else. */
import type { RandomStream } from "../../core/random.js";
import { choosePlaces } from "./choose.js";
import { DenoisingError } from "./errors.js";

/** What is taken out. */
export interface SpanCorruptionOptions {
  /** The first stands for the first span, and so on; the one behind the last span ends what is told. */
  readonly sentinels: readonly number[];
  /** The share of tokens that are taken out; default 0.15. */
  readonly share?: number;
  /** Mean of the spans' lengths; default 3. Longer where there are too few sentinels. */
  readonly meanSpan?: number;
}

/**
 * The sentence with a sentinel for each span, and the spans, each behind its sentinel, with one more sentinel at the
 * end. As in T5's own code the sentence begins with what is kept, ends with a span, and both kinds are cut at random
 * into as many pieces; one of fewer than two tokens stays whole. Throws `DenoisingError` for fewer than two sentinels.
 */
export function spanCorruption(
  ids: ArrayLike<number>,
  { sentinels, share = 0.15, meanSpan = 3 }: SpanCorruptionOptions,
  random: RandomStream,
): { readonly source: Int32Array; readonly target: Int32Array } {
  if (sentinels.length < 2) {
    throw new DenoisingError(
      "span corruption has too few sentinels",
      `${sentinels.length}`,
      "give two at least: one for a span, one behind the last",
    );
  }
  const all = Array.from(ids);
  const hidden = all.length < 2 ? 0 : Math.min(Math.max(Math.round(share * all.length), 1), all.length - 1);
  const most = Math.min(hidden, all.length - hidden, sentinels.length - 1);
  const spans = Math.min(Math.max(Math.round(hidden / meanSpan), 1), most);
  const keptLengths = randomParts(all.length - hidden, spans, random);
  const hiddenLengths = randomParts(hidden, spans, random);
  const [source, target]: number[][] = [[], []];
  let start = 0;
  for (let span = 0; span < spans; span++) {
    const hiddenFrom = start + keptLengths[span];
    const end = hiddenFrom + hiddenLengths[span];
    source.push(...all.slice(start, hiddenFrom), sentinels[span]);
    target.push(sentinels[span], ...all.slice(hiddenFrom, end));
    start = end;
  }
  source.push(...all.slice(start));
  return { source: Int32Array.from(source), target: Int32Array.from([...target, sentinels[spans]]) };
}

/** So many lengths of one at least that add up to `total`, each way equally likely. */
function randomParts(total: number, parts: number, random: RandomStream): number[] {
  if (parts === 0) return [];
  const isCut = choosePlaces(parts - 1, total - 1, random);
  const cuts = [...isCut.keys()].filter((place) => isCut[place]).map((place) => place + 1);
  return [...cuts, total].map((cut, i) => cut - (cuts[i - 1] ?? 0));
}
