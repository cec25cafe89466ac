import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { IGNORED_TARGET } from "../text/batches.js";
import { type PackableTokens, type PackedRow, packRows } from "./packing.js";

/** Example i has the ids 1000 i + 1, 1000 i + 2, ..., so that each token tells where it comes from. */
const numbered = (isTarget: readonly (readonly number[])[]): PackableTokens[] =>
  isTarget.map((marks, i) => ({ ids: marks.map((_, at) => 1000 * i + at + 1), isTarget: marks }));

const lists = ({ inputs, targets, segments, positions }: PackedRow) =>
  [inputs, targets, segments, positions].map((list) => [...list]);

describe("packed rows", () => {
  it("hold several texts, and predict inside each what is marked", () => {
    const rows = packRows(numbered([[1, 0, 1], [0, 0, 0, 1, 1], [1]]), 8);
    const x = IGNORED_TARGET;
    expect(rows.map(lists)).toEqual([
      [
        [1001, 1002, 1003, 1004, 1005, 1, 2, 3],
        [x, x, 1004, 1005, x, x, 3, x],
        [1, 1, 1, 1, 1, 2, 2, 2],
        [0, 1, 2, 3, 4, 0, 1, 2],
      ],
      [
        [2001, 0, 0, 0, 0, 0, 0, 0],
        [x, x, x, x, x, x, x, x],
        [1, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0],
      ],
    ]);
  });

  it("hold every token once, never predict across texts, and waste no row", () => {
    const example = fc.array(fc.constantFrom(0, 1), { maxLength: 16 });
    fc.assert(
      fc.property(fc.array(example, { maxLength: 40 }), (marks) => {
        const examples = numbered(marks);
        const rows = packRows(examples, 16);
        const found = rows.flatMap((row) => textsOf(row));
        const order = (a: Text, b: Text) => a.ids[0] - b.ids[0];
        expect(found.sort(order)).toEqual(
          examples
            .filter(({ ids }) => ids.length > 0)
            .map(({ ids, isTarget }) => ({
              ids,
              positions: Array.from(ids, (_, i) => i),
              targets: Array.from(ids, (_, i) => (isTarget[i + 1] === 1 ? ids[i + 1] : IGNORED_TARGET)),
            })),
        );
        const used = rows.map(({ segments }) => segments.filter((segment) => segment > 0).length);
        const [least = 16, second = 16] = used.toSorted((a, b) => a - b);
        expect(least + second).toBeGreaterThan(rows.length > 1 ? 16 : 15);
        expect(packRows(examples, 16)).toEqual(rows);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it("do not change when the texts come in another order", () => {
    const lengths = [5, 3, 7, 2, 6, 1, 4];
    const examples = numbered(lengths.map((length) => new Array<number>(length).fill(1)));
    const usedBy = (rows: PackedRow[]) => rows.map(({ segments }) => [...segments]);
    expect(usedBy(packRows(examples.toReversed(), 8))).toEqual(usedBy(packRows(examples, 8)));
  });

  it("are none for no texts, and refused for one that is too long", () => {
    expect(packRows([], 8)).toEqual([]);
    expect(packRows(numbered([[]]), 8)).toEqual([]);
    expect(packRows(numbered([[1, 1]]), 2)).toHaveLength(1);
    expect(() => packRows(numbered([[1], [1, 1, 1]]), 2)).toThrow(DataError);
    expect(() => packRows(numbered([[1], [1, 1, 1]]), 2)).toThrow(/3 tokens, rows of 2/);
  });
});

interface Text {
  ids: number[];
  targets: number[];
  positions: number[];
}

/** The texts of a row; its padding must be empty and stand at the end. */
function textsOf({ inputs, targets, segments, positions }: PackedRow): Text[] {
  const texts: Text[] = [];
  for (let at = 0; at < inputs.length; at++) {
    const segment = segments[at];
    if (segment === 0) {
      expect([inputs[at], targets[at], positions[at]]).toEqual([0, IGNORED_TARGET, 0]);
      expect(segments.subarray(at).every((s) => s === 0)).toBe(true);
      continue;
    }
    expect(segment === texts.length || segment === texts.length + 1).toBe(true);
    if (segment > texts.length) texts.push({ ids: [], targets: [], positions: [] });
    const text = texts.at(-1)!;
    text.ids.push(inputs[at]);
    text.targets.push(targets[at]);
    text.positions.push(positions[at]);
  }
  return texts;
}
