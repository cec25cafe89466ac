import { expect, it } from "vitest";
import { median, quantile, spreadOf } from "./figures.js";

it("takes medians, quantiles and spreads", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([4, 1, 2, 3], 0.5)).toBe(2);
  expect(quantile([4, 1, 2, 3], 0.95)).toBe(4);
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
});
