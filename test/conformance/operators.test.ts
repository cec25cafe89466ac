/**
 * Every operator of the table on every sample: the inferred types are what ONNX Runtime returns, values
 * equal a plain reference, and the gradient and the gradient of the gradient equal finite differences in
 * random directions. A new operator is tested by being in the table with samples and a reference.
 */
import { describe, expect, it } from "vitest";
import { operators } from "../../src/core/ops/table.js";
import { checkSample } from "./check.js";
import { references } from "./reference.js";

describe("operators", () => {
  it.each(operators.map((op) => [op.onnx, op] as const))("%s", async (name, op) => {
    expect(op.samples.length, "an operator needs a sample").toBeGreaterThan(0);
    expect(references, "an operator needs a plain reference").toHaveProperty(name);
    for (const [k, sample] of op.samples.entries()) await checkSample(op, sample, `${name} ${k}`);
  });
});
