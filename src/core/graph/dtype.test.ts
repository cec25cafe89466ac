import { describe, expect, it } from "vitest";
import { dtypes, fromHalf, toHalf, typedArray } from "./dtype.js";

describe("half precision", () => {
  it("gives back all 65536 patterns", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = fromHalf(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
      else if (toHalf(value) !== bits) expect(toHalf(value), `bits ${bits}`).toBe(bits);
    }
  });

  it("knows the special values", () => {
    expect(fromHalf(0x3c00)).toBe(1);
    expect(fromHalf(0x7bff)).toBe(65504);
    expect(fromHalf(0x0001)).toBe(2 ** -24);
    expect(fromHalf(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(Object.is(fromHalf(0x8000), -0)).toBe(true);
    expect(toHalf(65520)).toBe(0x7c00);
    expect(toHalf(65519)).toBe(0x7bff);
    expect(toHalf(2 ** -26)).toBe(0);
  });

  it("rounds to nearest, halfway to even", () => {
    for (const bits of [0x0000, 0x0001, 0x03ff, 0x0400, 0x3bff, 0x3c00, 0x3c01, 0x7bfe]) {
      const low = fromHalf(bits);
      const high = fromHalf(bits + 1);
      expect(toHalf((low + high) / 2)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(toHalf(low + (high - low) * 0.49)).toBe(bits);
      expect(toHalf(low + (high - low) * 0.51)).toBe(bits + 1);
    }
  });
});

describe("typedArray", () => {
  it("holds plain numbers in every element type", () => {
    for (const dtype of Object.keys(dtypes) as (keyof typeof dtypes)[]) {
      const array = typedArray(dtype, [0, 1]);
      expect(array).toBeInstanceOf(dtypes[dtype].array);
      expect(array.BYTES_PER_ELEMENT).toBe(dtypes[dtype].bytes);
      expect(Number(array[1])).toBe(dtype === "float16" ? 0x3c00 : 1);
    }
  });
});
