import { z } from "zod";
import { ShardError } from "../files/errors.js";
import type { Folder } from "../files/folder.js";

/** The file that is written last when data are prepared, and what they are, for messages. */
export interface PreparedIndex<T> {
  readonly file: string;
  /** Such as "recordings". */
  readonly things: string;
  readonly schema: z.ZodType<T>;
}

/** Reads it. Throws `ShardError` where the data are not whole, or the file is not what was written. */
export async function readPreparedIndex<T>(
  folder: Folder,
  { file, things, schema }: PreparedIndex<T>,
): Promise<T> {
  if ((await folder.size(file)) === undefined) {
    throw new ShardError(
      `there are no prepared ${things}`,
      `no ${file} in ${folder.location}`,
      `prepare the data (again); give the folder of a run on ${things}`,
    );
  }
  const found = z.safeParse(schema, parsed(await folder.read(file)));
  if (found.success) return found.data;
  throw new ShardError(
    `the list of prepared ${things} is damaged`,
    `${folder.location}/${file}`,
    "prepare the data again",
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
