import { AutodidactError } from "../../core/errors.js";
import { DataError } from "../../files/errors.js";

/** Reads of a Parquet file, found by `found`. Throws `DataError` for what its reader throws. */
export async function readable<T>(found: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AutodidactError) throw error;
    throw new DataError(
      "the Parquet file cannot be read",
      `${found}: ${(error as Error).message}`,
      "check the file with another Parquet reader, and fetch or write it again",
      { cause: error },
    );
  }
}
