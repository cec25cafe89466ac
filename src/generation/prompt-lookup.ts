/**
 * Guesses of what a text goes on with, taken from what it said before [Saxena 2023, "Prompt Lookup Decoding"]: where its
 * last tokens stood already, those that followed may follow again. A model reads several guesses in one run, which takes
 * little longer than one token while its weights are what takes the time. Where guesses fail, ever fewer are made.
 */

/** Tokens that must have stood before: the more of them the better, but at least two. */
const [longestMatch, shortestMatch] = [4, 2];
const [fewestGuesses, mostGuesses] = [2, 8];
/** Most tokens between two guesses of a text in which they fail. */
const longestPause = 64;

/** The guesses for one text. */
export class PromptLookup {
  private count = 4;
  /** Tokens until the next guess, and how many to wait when that fails. */
  private wait = 0;
  private pause = 1;

  /** At most `most` tokens that may follow; none where nothing is known, or guesses failed of late. */
  guess(ids: readonly number[], most: number): number[] {
    if (this.wait > 0) {
      this.wait--;
      return [];
    }
    const count = Math.min(this.count, most);
    for (let match = longestMatch; match >= shortestMatch && count > 0; match--) {
      const start = latestBefore(ids, match);
      if (start !== undefined) return ids.slice(start, start + count);
    }
    return [];
  }

  /** What became of the last guesses. */
  learn(guessed: number, right: number): void {
    if (right === guessed) this.count = Math.min(2 * this.count, mostGuesses);
    else this.count = Math.max(fewestGuesses, Math.min(this.count, right + 1));
    if (right > 0) this.pause = 1;
    else {
      this.wait = this.pause;
      this.pause = Math.min(2 * this.pause, longestPause);
    }
  }
}

/** Where the latest earlier occurrence of the last `length` ids ends. */
function latestBefore(ids: readonly number[], length: number): number | undefined {
  const last = ids.length - length;
  for (let start = last - 1; start >= 0; start--) {
    let same = 0;
    while (same < length && ids[start + same] === ids[last + same]) same++;
    if (same === length) return start + length;
  }
  return undefined;
}
