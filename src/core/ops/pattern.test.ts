import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../../test/evaluate.js";
import { input, ShapeError, type Tensor } from "../graph/tensor.js";
import { einsum, rearrange } from "./pattern.js";

const length: Record<string, number> = { b: 2, t: 3, s: 4, h: 2, d: 5 };
const shapeOf = (names: string[]) => names.map((name) => length[name]);
const count = (names: string[]) => shapeOf(names).reduce((a, b) => a * b, 1);

/** The sum over all values of all names, one term at a time. */
function naiveEinsum(pattern: string, operands: number[][]): number[] {
  const [left, right] = pattern.split("->").map((side) => side.trim());
  const sides = left.split(",").map((side) => side.trim().split(" "));
  const result = right === "" ? [] : right.split(" ");
  const names = [...new Set(sides.flat())];
  const place = (axes: string[], at: Record<string, number>) =>
    axes.reduce((flat, name) => flat * length[name] + at[name], 0);
  const sums = Array<number>(count(result)).fill(0);
  for (let flat = 0; flat < count(names); flat++) {
    let rest = flat;
    const at: Record<string, number> = {};
    for (const name of names) {
      at[name] = rest % length[name];
      rest = Math.floor(rest / length[name]);
    }
    sums[place(result, at)] += sides.reduce((product, axes, k) => product * operands[k][place(axes, at)], 1);
  }
  return sums;
}

describe("einsum", () => {
  it.each([
    "b h t d, b h s d -> b h t s",
    "b h t s, b h s d -> b t h d",
    "t d, d s -> t s",
    "t d, d s -> s t",
    "b t d, d -> b t d",
    "d, b t d -> b t d",
    "b, b t -> b t",
    "b t, b -> b",
    "b t, b t -> b t",
    "b t, b t -> b",
    "b t, b t -> ",
    "t, s -> t s",
    "b t, s -> s t b",
    "b t, t -> b",
    "t, b t -> b",
    "b t d, s -> b",
    "b t d -> d b",
    "b t -> ",
    "b t d, d s, s h -> b t h",
    "b t, b s, b d -> t s d",
  ])("%s", async (pattern) => {
    const sides = pattern
      .split("->")[0]
      .split(",")
      .map((side) => side.trim().split(" "));
    const tensors = sides.map((names, k) => input(`x${k}`, "float64", shapeOf(names)));
    const operands = sides.map((names, k) => ramp(count(names), 0.1 * (k + 1)));
    const y = (einsum as (pattern: string, ...x: Tensor[]) => Tensor)(pattern, ...tensors);
    const feeds = Object.fromEntries(operands.map((values, k) => [`x${k}`, values]));
    const expected = naiveEinsum(pattern, operands);
    const actual = (await evaluate({ y }, feeds)).y;
    expect(actual.length).toBe(expected.length);
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  });

  it("works with sizes that are named", async () => {
    const q = input<"b t d">("q", "float64", ["b", "t", 2]);
    const k = input<"b s d">("k", "float64", ["b", "s", 2]);
    const y = einsum("b t d, b s d -> b t s", q, k);
    expect(y.shape).toEqual(["b", "t", "s"]);
    const feeds = {
      q: { shape: [1, 1, 2], values: [1, 2] },
      k: { shape: [1, 3, 2], values: [1, 0, 0, 1, 1, 1] },
    };
    expect((await evaluate({ y }, feeds)).y).toEqual([1, 2, 3]);
  });

  it("names the pattern and the tensors when they do not fit", () => {
    const x = input<"b t">("x", "float32", [2, 3]);
    const w = input<"t d">("w", "float32", [4, 5]);
    expect(() => einsum("b t, t d -> b d", x, w)).toThrow(ShapeError);
    expect(() => einsum("b t, t d -> b d", x, w)).toThrow(
      /"b t, t d -> b d" with float32\[2, 3\], float32\[4, 5\]/,
    );
    expect(() => einsum("b t -> b z", x)).toThrow(ShapeError);
    expect(() => einsum("b t -> b b", x)).toThrow(ShapeError);
    const square = input<"i i">("square", "float32", [2, 2]);
    expect(() => einsum("i i -> i", square)).toThrow(ShapeError);
  });
});

describe("rearrange", () => {
  it("splits, moves and merges axes", async () => {
    const x = input<"b t (h d)">("x", "float64", [1, 2, 6]);
    const apart = rearrange("b t (h d) -> b h t d", x, { h: 2 });
    expect(apart.shape).toEqual([1, 2, 2, 3]);
    const back = rearrange("b h t d -> b t (h d)", apart);
    const y = await evaluate({ apart, back }, { x: ramp(12) });
    expect(y.apart).toEqual([1, 2, 3, 7, 8, 9, 4, 5, 6, 10, 11, 12]);
    expect(y.back).toEqual(ramp(12));
  });

  it("keeps named sizes", async () => {
    const x = input<"b t (h d)">("x", "float64", ["b", "t", 4]);
    const apart = rearrange("b t (h d) -> (b h) t d", x, { h: 2 });
    expect(apart.shape).toEqual(["2*b", "t", 2]);
    const { y } = await evaluate({ y: apart }, { x: { shape: [1, 2, 4], values: ramp(8) } });
    expect(y).toEqual([1, 2, 5, 6, 3, 4, 7, 8]);
  });

  it("refuses patterns that do not fit", () => {
    const x = input<"b (h d)">("x", "float32", [2, 6]);
    expect(() => rearrange("b (h d) -> b h d", x, { h: 4 })).toThrow(/6 \/ 4/);
    expect(() => rearrange("b (h d) -> b h d", x)).toThrow(/"b \(h d\) -> b h d" with float32\[2, 6\]/);
    expect(() => rearrange("b (h d) -> b h d", x, { h: 2, d: 2 })).toThrow(ShapeError);
    expect(() => rearrange("b (h d) -> h d", x, { h: 2 })).toThrow(ShapeError);
  });
});

describe("axis names", () => {
  const x = input<"b t c">("x", "float32", [2, 3, 4]);
  const w = input<"c d">("w", "float32", [4, 5]);

  it("are checked and derived by the compiler", () => {
    const y: Tensor<"b t d"> = einsum("b t c, c d -> b t d", x, w);
    const z: Tensor<"(b t) d"> = rearrange("b t d -> (b t) d", y);
    expect([y.shape, z.shape]).toEqual([
      [2, 3, 5],
      [6, 5],
    ]);
    const mistakes = () => [
      // @ts-expect-error the first operand is "b t c", not "b c t"
      einsum("b c t, c d -> b t d", x, w),
      // @ts-expect-error an operand is missing
      einsum("b t c, c d -> b t d", x),
      // @ts-expect-error the operands are exchanged
      einsum("b t c, c d -> b t d", w, x),
      // @ts-expect-error the tensor is "b t c"
      rearrange("b t -> t b", x),
    ];
    // @ts-expect-error the result is "d b", not "b d"
    const wrong = (): Tensor<"b d"> => einsum("b t c, c d -> d b", x, w);
    expect(mistakes).toThrow(ShapeError);
    expect(wrong).not.toThrow();
  });
});
