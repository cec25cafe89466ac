import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addSizes,
  canonicalSize,
  divideSizes,
  known,
  multiplySizes,
  type Size,
  SizeError,
  sizeOf,
  subtractSizes,
  terms,
} from "./size.js";

const names = ["a", "b", "c"];

/** A sum of products of names, as text in no special order. */
const size: fc.Arbitrary<Size> = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc
    .array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.array(fc.constantFrom(...names), { maxLength: 3 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((sum) => sum.map(([c, factors]) => [c, ...factors].join("*")).join(" + ")),
);
const monomial: fc.Arbitrary<Size> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.array(fc.constantFrom(...names), { maxLength: 2 }))
  .map((factors) => canonicalSize(factors.flat().join("*")));
const lengths = fc.record({ a: fc.nat(9), b: fc.nat(9), c: fc.nat(9) });

function evaluate(value: Size, at: Record<string, number>): number {
  return terms(value).reduce(
    (sum, { coefficient, names }) => sum + names.reduce((product, name) => product * at[name], coefficient),
    0,
  );
}

describe("sizes", () => {
  it("add, subtract and multiply as the numbers that they stand for", () => {
    fc.assert(
      fc.property(size, size, lengths, (p, q, at) => {
        expect(evaluate(addSizes(p, q), at)).toBe(evaluate(p, at) + evaluate(q, at));
        expect(evaluate(subtractSizes(p, q), at)).toBe(evaluate(p, at) - evaluate(q, at));
        expect(evaluate(multiplySizes(p, q), at)).toBeCloseTo(evaluate(p, at) * evaluate(q, at));
      }),
    );
  });

  it("are the same text when they are the same polynomial", () => {
    fc.assert(
      fc.property(size, size, size, (p, q, r) => {
        expect(addSizes(p, q)).toBe(addSizes(q, p));
        expect(multiplySizes(p, q)).toBe(multiplySizes(q, p));
        const apart = addSizes(multiplySizes(p, r), multiplySizes(q, r));
        expect(multiplySizes(addSizes(p, q), r)).toBe(canonicalSize(apart));
        expect(canonicalSize(subtractSizes(p, p))).toBe(0);
      }),
    );
  });

  it("divide what was multiplied", () => {
    fc.assert(
      fc.property(size, monomial, (p, m) => {
        expect(divideSizes(multiplySizes(p, m), m)).toBe(canonicalSize(p));
      }),
    );
  });

  it("are written in one way", () => {
    expect(canonicalSize("t*b*2 + 1")).toBe("2*b*t + 1");
    expect(canonicalSize("1 + past")).toBe("past + 1");
    expect(canonicalSize("7")).toBe(7);
    expect(sizeOf(["b", 3, "t"])).toBe("3*b*t");
    expect(sizeOf([])).toBe(1);
    expect(subtractSizes("past + 1", "past")).toBe(1);
  });

  it("refuse what does not divide, is not known or is no polynomial", () => {
    expect(() => divideSizes("b + 1", "b")).toThrow(SizeError);
    expect(() => divideSizes(7, 2)).toThrow(/7 \/ 2/);
    expect(() => divideSizes("b", "b + 1")).toThrow(SizeError);
    expect(() => divideSizes("b", 0)).toThrow(SizeError);
    expect(() => known("b")).toThrow(/axis length b/);
    expect(() => canonicalSize("t - 1")).toThrow(/past \+ 1/);
    expect(known(4)).toBe(4);
  });
});
