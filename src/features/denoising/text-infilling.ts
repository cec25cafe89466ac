/** Text infilling: spans of a sentence are replaced by one mask each (Lewis et al., "BART", 2020, section 2.2). */
import type { RandomStream } from "../../core/random.js";
import { choosePlaces, roundByChance } from "./choose.js";

/** What is masked. */
export interface TextInfillingOptions {
  /** Stands for a span of any length. */
  readonly maskToken: number;
  /** The share of tokens that are masked, in the mean; default 0.35 (Liu et al., "mBART", 2020). */
  readonly share?: number;
  /** Mean of the spans' lengths, which follow Poisson's distribution; default 3. A span of no token adds a mask. */
  readonly meanSpan?: number;
}

/** A sentence with masks for some spans of it; what is to be told is the sentence. Every arrangement is equally likely. */
export function textInfilling(
  ids: ArrayLike<number>,
  { maskToken, share = 0.35, meanSpan = 3 }: TextInfillingOptions,
  random: RandomStream,
): Int32Array {
  const masked = roundByChance(share * ids.length, random);
  const spans = spanLengths(masked, meanSpan, random);
  const startsSpan = choosePlaces(spans.length, ids.length - masked + spans.length, random);
  let [at, span] = [0, 0];
  return Int32Array.from(startsSpan, (starts) => {
    if (!starts) return ids[at++];
    at += spans[span++];
    return maskToken;
  });
}

/** Lengths of spans of so many tokens together; the last one is cut. */
function spanLengths(total: number, mean: number, random: RandomStream): number[] {
  const lengths: number[] = [];
  for (let left = total; left > 0; ) {
    const length = Math.min(left, poisson(mean, random));
    lengths.push(length);
    left -= length;
  }
  return lengths;
}

/** How many events there are where `mean` are expected. [Knuth 1997, algorithm 3.4.1 Q] */
function poisson(mean: number, random: RandomStream): number {
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > floor; product *= random.uniform()) count++;
  return count;
}
