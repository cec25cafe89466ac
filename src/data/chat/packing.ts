import { DataError } from "../../files/errors.js";
import { IGNORED_TARGET } from "../text/batches.js";

/** A text in tokens; `isTarget` is 1 for those that are to be predicted. */
export interface PackableTokens {
  readonly ids: ArrayLike<number>;
  readonly isTarget: ArrayLike<number>;
}

/** Several texts in one row of t tokens; each list has t entries. */
export interface PackedRow {
  readonly inputs: Int32Array;
  /** The token that follows, where it is to be predicted; else `IGNORED_TARGET`. Never of another text. */
  readonly targets: Int32Array;
  /** Which text of the row the token belongs to, from 1 on; 0 is padding. */
  readonly segments: Int32Array;
  /** The token's place in its text, from 0 on. */
  readonly positions: Int32Array;
}

/**
 * Packs texts into as few rows as a simple rule finds: the longest first, each into the row where the
 * least room is left (best fit decreasing; Johnson et al., 1974). The same texts always give the same rows.
 * @throws DataError for a text that is longer than a row.
 */
export function packRows(examples: Iterable<PackableTokens>, sequenceLength: number): PackedRow[] {
  const longestFirst = [...examples].sort((a, b) => b.ids.length - a.ids.length);
  const tooLong = longestFirst[0]?.ids.length ?? 0;
  if (tooLong > sequenceLength) {
    throw new DataError(
      "a text is too long for a row",
      `${tooLong} tokens, rows of ${sequenceLength}`,
      "cut it first, or make the rows longer",
    );
  }
  const rows: PackableTokens[][] = [];
  const rowsByRoom: PackableTokens[][][] = Array.from({ length: sequenceLength + 1 }, () => []);
  for (const example of longestFirst) {
    const needed = example.ids.length;
    if (needed === 0) continue;
    let room = needed;
    while (room < sequenceLength && rowsByRoom[room].length === 0) room++;
    let row = rowsByRoom[room].pop();
    if (row === undefined) {
      row = [];
      rows.push(row);
      room = sequenceLength;
    }
    row.push(example);
    rowsByRoom[room - needed].push(row);
  }
  return rows.map((row) => layOut(row, sequenceLength));
}

function layOut(texts: readonly PackableTokens[], sequenceLength: number): PackedRow {
  const inputs = new Int32Array(sequenceLength);
  const targets = new Int32Array(sequenceLength).fill(IGNORED_TARGET);
  const segments = new Int32Array(sequenceLength);
  const positions = new Int32Array(sequenceLength);
  let at = 0;
  for (const [segment, { ids, isTarget }] of texts.entries()) {
    for (let i = 0; i < ids.length; i++, at++) {
      inputs[at] = ids[i];
      segments[at] = segment + 1;
      positions[at] = i;
      if (i + 1 < ids.length && isTarget[i + 1] === 1) targets[at] = ids[i + 1];
    }
  }
  return { inputs, targets, segments, positions };
}
