import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { grad } from "../core/autodiff/grad.js";
import { constant, input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { expand, sum } from "../core/ops/movement.js";
import { randomStream } from "../core/random.js";
import { dropoutFrom, dropoutRows } from "./dropout.js";

const [sites, time, width, rate] = [3, 400, 64, 0.3];
const streams = (...names: string[]) => names.map((name) => randomStream(5, name));

describe("rows of the table", () => {
  it("are a function of the streams, each sequence's of its own", () => {
    const both = dropoutRows(sites, time, streams("a", "b"));
    expect(dropoutRows(sites, time, streams("a", "b"))).toEqual(both);
    for (const [sequence, name] of ["a", "b"].entries()) {
      const own = both.filter((_, i) => i % 2 === sequence);
      expect(own).toEqual(dropoutRows(sites, time, streams(name)));
    }
  });

  it("are spread over all of the table", () => {
    const rows = dropoutRows(100, 1000, streams("spread"));
    const counts = new Array(16).fill(0);
    for (const row of rows) counts[Math.floor(row / 256)]++;
    // Of 6250 in each sixteenth: within five deviations of 77.
    for (const count of counts) expect(Math.abs(count - 6250)).toBeLessThan(385);
    expect(new Set(rows).size).toBe(4096);
  });
});

describe("dropout", () => {
  const rows = constant(dropoutRows(sites, time, streams("rows")), [sites, time], "int64");
  const drop = dropoutFrom(rows, rate);
  const ones = expand(constant([1]), [time, width]);

  it("keeps its share of the values and scales them by what is lost, each place in its own way", async () => {
    const { first, second } = await evaluate({ first: drop(ones, 0), second: drop(ones, 1) });
    for (const values of [first, second]) {
      expect([...new Set(values)].sort()).toEqual([0, Math.fround(1 / (1 - rate))]);
      // The mean of 25,600 values with deviation 0.65: within five deviations of 0.004.
      const mean = values.reduce((total, value) => total + value, 0) / values.length;
      expect(Math.abs(mean - 1)).toBeLessThan(0.02);
    }
    const same = first.filter((value, i) => value === second[i]).length / first.length;
    // Two masks agree by chance in 0.58 of the places.
    expect(Math.abs(same - (rate ** 2 + (1 - rate) ** 2))).toBeLessThan(0.02);
  });

  it("takes of the rows as many as there are tokens", async () => {
    const few = expand(constant([1]), [10, width]);
    const { some, all } = await evaluate({ some: drop(few, 2), all: drop(ones, 2) });
    expect(some).toEqual(all.slice(0, 10 * width));
  });

  it("hands gradients to what it kept, by the same numbers", async () => {
    const x = input<"n c">("x", "float32", [time, width]);
    const y = drop(x, 0);
    const [dx] = grad(sum(mul(y, 2)), [x]);
    const feeds = { x: new Array(time * width).fill(1) };
    const { kept, gradient } = await evaluate({ kept: y, gradient: dx }, feeds);
    expect(gradient).toEqual(kept.map((value) => 2 * value));
  });
});
