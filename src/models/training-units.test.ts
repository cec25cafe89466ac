import { describe, expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { initialise } from "../nn/parameter.js";
import type { Weights } from "../nn/weights.js";
import { t5 } from "./t5.js";
import { fromUnits, inUnits, t5Units, toUnits } from "./training-units.js";

const model = t5({ vocabSize: 12, width: 64, numLayers: 1, numHeads: 2, hiddenWidth: 16 });
const unitOf = t5Units(model);

const started = ({ parameters }: Pick<typeof model, "parameters">): Weights =>
  new Map(
    parameters.map(({ name, shape, init }) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      initialise(data, init, randomStream(1, name));
      return [name, { shape, data }];
    }),
  );

describe("parameters in units", () => {
  it("start as the model's own do", () => {
    expect(fromUnits(started(inUnits(model, unitOf)), unitOf)).toEqual(started(model));
  });

  it("come back without a bit changed", () => {
    const own = started(model);
    const there = toUnits(own, unitOf);
    const queries = "encoder.block.0.layer.0.SelfAttention.q.weight";
    // The power of two next to 1 / sqrt(32).
    expect(unitOf(queries)).toBe(2 ** -3);
    expect(there.get(queries)).not.toEqual(own.get(queries));
    expect(fromUnits(there, unitOf)).toEqual(own);
  });
});
