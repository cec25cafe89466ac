import { DataError } from "../../files/errors.js";
import { describeLeftOut, type LeftOut, Reading, type ReadingOptions } from "../reading.js";
import { rowsOfFiles } from "../tables/rows.js";
import type { TableRow } from "../tables/table-row.js";

/** What rows of files hold. It can be read again and again, and is read from the disk each time. */
export interface RowReader<T> extends AsyncIterable<T> {
  /** What the latest reading has left out so far. */
  readonly leftOut: readonly LeftOut[];
  /** Counts a row as bad for what its reader refused it for; other errors are thrown again. */
  leaveOut(error: unknown): void;
}

/**
 * What `itemsOf` makes of each row of JSON Lines and Parquet files; what it throws makes a bad row, all of which is left
 * out.
 * @throws DataError for bad rows, see `ReadingOptions`, and where there are no rows; MissingFileError: see `findFiles`.
 */
export function readRows<T>(
  files: string | string[],
  options: ReadingOptions,
  itemsOf: (row: TableRow) => readonly T[],
): RowReader<T> {
  let reading = new Reading(options);
  let leftByCaller = 0;
  async function* read(): AsyncGenerator<T> {
    reading = new Reading(options);
    leftByCaller = 0;
    let kept = 0;
    // What the caller leaves out only it can find: the rows go on coming.
    const hasStopped = () => reading.isStopped && reading.badCount > leftByCaller;
    for await (const row of rowsOfFiles(files, reading)) {
      try {
        const items = itemsOf(row);
        kept++;
        if (!hasStopped()) yield* items;
      } catch (error) {
        reading.refuse(error);
      }
    }
    reading.finish(kept);
    if (kept === 0) throw noRows(files, reading);
  }
  return {
    get leftOut() {
      return reading.leftOut;
    },
    leaveOut(error) {
      leftByCaller++;
      reading.refuse(error);
    },
    [Symbol.asyncIterator]: read,
  };
}

function noRows(files: string | string[], { leftOut }: Reading): DataError {
  const found = describeLeftOut(leftOut).join("; ") || [files].flat().slice(0, 3).join(", ");
  return new DataError("there are no rows", found, "fill the files, or name others");
}
