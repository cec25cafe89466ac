/** What takes long to make and is kept while it is made: a file of JSON lines, one for each of some items. */
import type { Watching } from "../../core/watching.js";
import type { Folder } from "../../files/folder.js";

/** What is made, of which items, and where it is kept. */
export interface Making<Item, Made extends object> extends Watching {
  readonly folder: Folder;
  readonly file: string;
  readonly items: readonly Item[];
  /** Items that are made at once. */
  readonly chunkSize: number;
  /** Whether a value, read from a line, was made of this item. */
  readonly isOf: (value: unknown, item: Item) => value is Made;
  readonly make: (items: readonly Item[], start: number) => Promise<Made[]>;
}

/**
 * What `make` makes of all items, in order, some at a time. What the file has of the same items, from the first on, is
 * not made again, so that what was stopped goes on where it was.
 */
export async function keptLines<Item, Made extends object>(making: Making<Item, Made>): Promise<Made[]> {
  const { folder, file, items, chunkSize, make, onProgress } = making;
  const made = await alreadyThere(making);
  await folder.write(file, linesOf(made));
  while (made.length < items.length) {
    onProgress?.(made.length, items.length);
    const chunk = await make(items.slice(made.length, made.length + chunkSize), made.length);
    made.push(...chunk);
    await folder.append(file, linesOf(chunk));
  }
  onProgress?.(made.length, items.length);
  return made;
}

const linesOf = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** Whole chunks that are of these items; what comes after the first other line does not count. */
async function alreadyThere<Item, Made extends object>({
  folder,
  file,
  items,
  chunkSize,
  isOf,
}: Making<Item, Made>): Promise<Made[]> {
  if ((await folder.size(file)) === undefined) return [];
  const text = new TextDecoder().decode(await folder.read(file));
  const lines = text.split("\n").slice(0, -1);
  const kept: Made[] = [];
  for (const [i, line] of lines.slice(0, items.length).entries()) {
    const value = parsed(line);
    if (!isOf(value, items[i])) break;
    kept.push(value);
  }
  const isAll = kept.length === items.length;
  return isAll ? kept : kept.slice(0, kept.length - (kept.length % chunkSize));
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
