import { EvaluationError } from "../errors.js";

/** A step of the shortest way from a reference to a hypothesis; what is not there is undefined. */
export interface Edit {
  readonly reference: string | undefined;
  readonly hypothesis: string | undefined;
}

const [BOTH, DELETE, INSERT] = [0, 1, 2];
/** A gigabyte. */
const MOST_PAIRS = 2 ** 30;

/**
 * The fewest edits (Levenshtein), in order, what is equal included. Of equally short ways it takes jiwer's: equal
 * beginnings and ends stay, then from the end back a deletion goes before an insertion, that before the rest. Takes a
 * byte for each pair of units; throws `EvaluationError` where that is more than a gigabyte.
 */
export function edits(reference: readonly string[], hypothesis: readonly string[]): Edit[] {
  const shorter = Math.min(reference.length, hypothesis.length);
  let begin = 0;
  while (begin < shorter && reference[begin] === hypothesis[begin]) begin++;
  let end = 0;
  while (end < shorter - begin && reference.at(-1 - end) === hypothesis.at(-1 - end)) end++;
  const rows = hypothesis.slice(begin, hypothesis.length - end);
  const columns = reference.slice(begin, reference.length - end);
  const equal = (unit: string): Edit => ({ reference: unit, hypothesis: unit });
  return [
    ...reference.slice(0, begin).map(equal),
    ...between(columns, rows),
    ...reference.slice(reference.length - end).map(equal),
  ];
}

function between(reference: readonly string[], hypothesis: readonly string[]): Edit[] {
  const steps = stepsBetween(reference, hypothesis);
  const way: Edit[] = [];
  let [column, row] = [reference.length, hypothesis.length];
  while (column > 0 || row > 0) {
    const step =
      row === 0 ? DELETE : column === 0 ? INSERT : steps[(row - 1) * reference.length + column - 1];
    way.push({
      reference: step === INSERT ? undefined : reference[--column],
      hypothesis: step === DELETE ? undefined : hypothesis[--row],
    });
  }
  return way.reverse();
}

/** The last step of the way to each pair of beginnings. */
function stepsBetween(reference: readonly string[], hypothesis: readonly string[]): Uint8Array {
  const width = reference.length;
  if (width * hypothesis.length > MOST_PAIRS) {
    throw new EvaluationError(
      "a transcript is too long to be compared at once",
      `${width} and ${hypothesis.length} words or characters`,
      "measure on shorter recordings, of half an hour at most",
    );
  }
  const steps = new Uint8Array(width * hypothesis.length);
  let above = Uint32Array.from({ length: width + 1 }, (_, column) => column);
  for (const [row, unit] of hypothesis.entries()) {
    const here = new Uint32Array(width + 1);
    here[0] = row + 1;
    for (let column = 1; column <= width; column++) {
      const replaced = above[column - 1] + (reference[column - 1] === unit ? 0 : 1);
      here[column] = Math.min(replaced, above[column] + 1, here[column - 1] + 1);
      const isDeletion = here[column] === here[column - 1] + 1;
      const isInsertion = row > 0 && above[column] + 1 === above[column - 1];
      steps[row * width + column - 1] = isDeletion ? DELETE : isInsertion ? INSERT : BOTH;
    }
    above = here;
  }
  return steps;
}
