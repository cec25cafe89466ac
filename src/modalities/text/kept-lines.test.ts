import { expect, it } from "vitest";
import { memoryFolder } from "../../files/memory.js";
import { keptLines } from "./kept-lines.js";

interface Line {
  readonly of: number;
  readonly start: number;
}

/** Makes a line of each number in chunks of two; throws from the item `until` on. */
function making(
  folder: ReturnType<typeof memoryFolder>,
  items: readonly number[],
  until = Number.POSITIVE_INFINITY,
) {
  const made: number[] = [];
  const lines = keptLines<number, Line>({
    folder,
    file: "lines.jsonl",
    items,
    chunkSize: 2,
    isOf: (value, item): value is Line => (value as Partial<Line> | undefined)?.of === item,
    async make(chunk, start) {
      if (start >= until) throw new Error("killed");
      made.push(...chunk);
      return chunk.map((of) => ({ of, start }));
    },
  });
  return { lines, made };
}

const text = async (folder: ReturnType<typeof memoryFolder>) =>
  new TextDecoder().decode(await folder.read("lines.jsonl"));

it("goes on where it was stopped, and gives what it would have given", async () => {
  const items = [5, 6, 7, 8, 9];
  const [whole, parted] = [memoryFolder(), memoryFolder()];
  const expected = await making(whole, items).lines;
  await expect(making(parted, items, 4).lines).rejects.toThrow("killed");
  // A line that was being written when it was killed.
  await parted.append("lines.jsonl", '{"of":9,"sta');
  const again = making(parted, items);
  expect(await again.lines).toEqual(expected);
  expect(again.made).toEqual([9]);
  expect(await text(parted)).toBe(await text(whole));
});

it("makes anew what is of other items, and all of a chunk", async () => {
  const folder = memoryFolder();
  await making(folder, [1, 2, 3, 4]).lines;
  const other = making(folder, [1, 2, 3, 5]);
  expect((await other.lines).map(({ of }) => of)).toEqual([1, 2, 3, 5]);
  expect(other.made).toEqual([3, 5]);
  expect(making(folder, [1, 2, 3, 5]).made).toEqual([]);
});
