import { describe, expect, it } from "vitest";
import { evaluate } from "../../../test/evaluate.js";
import { grad } from "../autodiff/grad.js";
import { input, ShapeError } from "../graph/tensor.js";
import { lower } from "../onnx/lower.js";
import { printGraph } from "../onnx/print.js";
import { add, exp, mul } from "./elementwise.js";
import { sum } from "./movement.js";
import { scan } from "./scan.js";

const start = input("start", "float32", [2]);
const rates = input("rates", "float32", [3, 2]);
const deposit = input("deposit", "float32", []);

/** A balance grows by each step's rate; what is kept is the balance before the deposit. */
const grown = () =>
  scan(
    ([balance], [rate], [amount]) => {
      const kept = mul(balance, rate);
      return { states: [add(kept, amount)], kept: [kept] };
    },
    { states: [start], sequences: [rates], fixed: [deposit] },
  );
const feeds = { start: [1, 2], rates: [2, 3, 4, 5, 6, 7], deposit: [10] };

describe("scan", () => {
  it("carries states from step to step and stacks what is kept", async () => {
    const { states, kept } = grown();
    expect(await evaluate({ last: states[0], all: kept[0] }, feeds)).toEqual({
      last: [358, 640],
      all: [2, 6, 48, 80, 348, 630],
    });
  });

  it("runs a number of steps that only the run knows", async () => {
    const steps = input("steps", "float32", ["t", 1]);
    const { kept } = scan(([total], [x]) => ({ states: [add(total, x)], kept: [add(total, x)] }), {
      states: [input("zero", "float32", [1])],
      sequences: [steps],
    });
    expect(kept[0].shape).toEqual(["t", 1]);
    const given = { zero: [0], steps: { shape: [4, 1], values: [1, 2, 3, 4] } };
    expect((await evaluate({ sums: kept[0] }, given)).sums).toEqual([1, 3, 6, 10]);
  });

  it("tells loops over the same inputs apart, and gives none of their names to the graph around", async () => {
    const twice = scan(([x], [rate]) => ({ states: [add(x, rate)], kept: [x] }), {
      states: [start],
      sequences: [rates],
    });
    const both = { product: grown().states[0], sum: twice.states[0] };
    expect(await evaluate(both, feeds)).toEqual({ product: [358, 640], sum: [13, 17] });
    const text = printGraph(lower(both));
    expect(text.match(/= Scan\(start, rates\) \{body: graph_\d+, num_scan_inputs: 1\}/g)).toHaveLength(2);
  });

  it("reads in its steps what is also given back", async () => {
    const rate = exp(deposit);
    const { states } = scan(([x], [y], [z]) => ({ states: [add(x, mul(y, z))], kept: [x] }), {
      states: [start],
      sequences: [rates],
      fixed: [rate],
    });
    const result = await evaluate({ rate, last: states[0] }, { ...feeds, deposit: [0] });
    expect(result).toEqual({ rate: [1], last: [13, 17] });
  });

  it("refuses a state of another type, sequences of two lengths, and to be differentiated", () => {
    const same = { states: [start], sequences: [rates] };
    expect(() => scan(([x]) => ({ states: [sum(x)], kept: [] }), same)).toThrow("float32[2] to float32[]");
    const uneven = { states: [start], sequences: [rates, input("other", "float32", [4])] };
    expect(() => scan(([x]) => ({ states: [x], kept: [x] }), uneven)).toThrow(ShapeError);
    expect(() => grad(sum(grown().states[0]), [start])).toThrow("Scan on the way to the loss");
  });
});
