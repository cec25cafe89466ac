/** What predicts the next tokens of translations, and the loop that asks it. */

/** What may follow each beam of some rows. */
export interface Predictions {
  /** Log-probabilities [rows * beams, v]. */
  readonly next: Float32Array;
  /** Ids of the n largest of each beam [rows * beams, n], the largest first, of equals lower ids first; n may be 0. */
  readonly likeliest: Int32Array;
}

/** Predicts for rows of sentences, each with the same number of beams. */
export interface StepScorer {
  readonly vocabSize: number;
  readonly beams: number;
  /**
   * Reads a token for every beam of every row and returns what may follow, which holds until the next step.
   * Beam i of row r goes on from beam `parents[r * beams + i]` of the row in the step before, at first from nothing.
   */
  step(ids: Int32Array, parents: Int32Array): Promise<Predictions>;
  /** Removes a row; the last row takes its place. */
  remove(row: number): void;
}

/** One sentence that is being written, in one or more beams. */
export interface Writing {
  /** The newest token of each living beam, and the beam of the step before that it goes on from. */
  newest(): readonly { readonly id: number; readonly parent: number }[];
  /** Takes what may follow its beams; those of beams that do not live mean nothing. */
  advance(predictions: Predictions): void;
  readonly isDone: boolean;
}

/** Writes all sentences to their ends; row r of the scorer is sentence r. */
export async function writeAll(scorer: StepScorer, sentences: readonly Writing[]): Promise<void> {
  const { beams } = scorer;
  const open = [...sentences];
  while (open.length > 0) {
    const ids = new Int32Array(open.length * beams);
    const parents = new Int32Array(open.length * beams);
    for (const [row, sentence] of open.entries()) {
      for (const [beam, { id, parent }] of sentence.newest().entries()) {
        ids[row * beams + beam] = id;
        parents[row * beams + beam] = parent;
      }
    }
    const predictions = await scorer.step(ids, parents);
    const rows = open.length;
    for (let row = rows - 1; row >= 0; row--) {
      open[row].advance(part(predictions, row, rows));
      if (open[row].isDone) close(scorer, open, row);
    }
  }
}

/** What may follow one of `count` rows, or beams. */
export function part({ next, likeliest }: Predictions, index: number, count: number): Predictions {
  const [own, ownLikeliest] = [next.length / count, likeliest.length / count];
  return {
    next: next.subarray(index * own, (index + 1) * own),
    likeliest: likeliest.subarray(index * ownLikeliest, (index + 1) * ownLikeliest),
  };
}

function close(scorer: StepScorer, open: Writing[], row: number): void {
  scorer.remove(row);
  const last = open.pop()!;
  if (row < open.length) open[row] = last;
}
