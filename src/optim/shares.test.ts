import { describe, expect, it } from "vitest";
import type { Parameter } from "../nn/parameter.js";
import { filled } from "../nn/parameter.js";
import { adamw } from "./adamw.js";
import { layOut } from "./layout.js";
import { muon } from "./muon.js";
import { elementBounds, updateShares } from "./shares.js";

const vector = (name: string, size: number): Parameter => ({
  ...{ name, shape: [size], role: "vector", init: filled(0) },
});
const matrix = (name: string, rows: number, columns: number): Parameter => ({
  ...{ name, shape: [rows, columns], role: "matrix", init: filled(0), inputAxis: 1 },
});

describe("updateShares", () => {
  const elementwise = adamw({ lr: 1 });

  it("cuts between parameters into parts of about the same size", () => {
    const layout = layOut(
      [30, 10, 20, 20, 10, 30].map((size, i) => vector(`p${i}`, size)),
      elementwise,
    );
    const bounds = updateShares(layout, elementwise, 2);
    expect(elementBounds(layout, bounds)).toEqual([0, 60, 120]);
    expect(elementBounds(layout, updateShares(layout, elementwise, 1))).toEqual([0, 120]);
  });

  it("leaves ranks without a part where there are fewer parameters", () => {
    const layout = layOut([vector("p", 10)], elementwise);
    const bounds = elementBounds(layout, updateShares(layout, elementwise, 4));
    expect(bounds).toHaveLength(5);
    expect(bounds[0]).toBe(0);
    expect(bounds[4]).toBe(10);
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
  });

  it("counts matrices by what Muon does with them", () => {
    const optimizer = muon({ lr: 1, adamw: { lr: 1 } });
    const layout = layOut([vector("v", 128 * 256), matrix("m", 128, 256), matrix("n", 128, 256)], optimizer);
    const [, middle] = elementBounds(layout, updateShares(layout, optimizer, 2));
    expect(middle).toBe(128 * 256); // a matrix here; there the other one and the vector, a sixteenth of it
  });
});
