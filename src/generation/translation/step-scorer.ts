/** What predicts the next tokens of translations, and the loop that asks it. */

/** Predicts for rows of sentences, each with the same number of beams. */
export interface StepScorer {
  readonly vocabSize: number;
  readonly beams: number;
  /**
   * Reads a token for every beam of every row and returns log-probabilities [rows * beams, v] of what may follow, which
   * hold until the next step.
   * Beam i of row r goes on from beam `parents[r * beams + i]` of the row in the step before, at first from nothing.
   */
  step(ids: Int32Array, parents: Int32Array): Promise<Float32Array>;
  /** Removes a row; the last row takes its place. */
  remove(row: number): void;
}

/** One sentence that is being written, in one or more beams. */
export interface Writing {
  /** The newest token of each living beam, and the beam of the step before that it goes on from. */
  newest(): readonly { readonly id: number; readonly parent: number }[];
  /** Takes the log-probabilities [beams, v] of what may follow; those of beams that do not live mean nothing. */
  advance(next: Float32Array): void;
  readonly isDone: boolean;
}

/** Writes all sentences to their ends; row r of the scorer is sentence r. */
export async function writeAll(scorer: StepScorer, sentences: readonly Writing[]): Promise<void> {
  const { beams, vocabSize } = scorer;
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
    const next = await scorer.step(ids, parents);
    for (let row = open.length - 1; row >= 0; row--) {
      open[row].advance(next.subarray(row * beams * vocabSize, (row + 1) * beams * vocabSize));
      if (open[row].isDone) close(scorer, open, row);
    }
  }
}

function close(scorer: StepScorer, open: Writing[], row: number): void {
  scorer.remove(row);
  const last = open.pop()!;
  if (row < open.length) open[row] = last;
}
