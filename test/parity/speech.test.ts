/** The Conformer with its head against Hugging Face Transformers. See make_speech_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input, type Tensor } from "../../src/core/graph/tensor.js";
import { mul } from "../../src/core/ops/elementwise.js";
import { sum } from "../../src/core/ops/movement.js";
import { speechModelFromConfig } from "../../src/interop/speech-config.js";
import { lookUp } from "../../src/nn/parameter.js";
import { evaluate } from "../evaluate.js";

interface Values {
  shape: number[];
  data: number[];
}

type Named = Record<string, Values>;

interface Computed {
  logits: Values;
  gradients: Named;
}

interface Golden {
  config: Record<string, unknown>;
  weights: Named;
  features: Values;
  valid: Values;
  masked: Values;
  cotangent: Values;
  shown: Computed;
  hidden: Computed;
}

const golden: Golden = JSON.parse(readFileSync(new URL("goldens/speech-ctc.json", import.meta.url), "utf8"));

// float32 sums in another order: five times what was seen and more.
const tolerance = 3e-5;

/** Against the largest element of the expected values, or 0.1: a key's bias has no gradient at all. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(0.1, ...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i]))) / scale;
}

const tensor = (name: string, { shape }: Values) => input(name, "float32", shape);

describe("a speech recogniser", () => {
  const opened = speechModelFromConfig(golden.config, "the golden");
  if (opened.kind !== "recogniser") throw new Error(`the golden holds a ${opened.kind}`);
  const { model } = opened;

  it("has the parameters of the checkpoint", () => {
    const shapes = model.parameters.map(({ name, shape }) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual(
      Object.fromEntries(Object.entries(golden.weights).map(([name, { shape }]) => [name, shape])),
    );
  });

  it.each(["shown", "hidden"] as const)(
    "gives Transformers' logits and gradients, frames %s",
    async (which) => {
      const { logits, gradients } = golden[which];
      const weights = new Map(Object.entries(golden.weights).map(([name, of]) => [name, tensor(name, of)]));
      const { features, valid, masked, cotangent } = golden;
      const y = model.logits(lookUp(weights), tensor("features", features), {
        valid: tensor("valid", valid),
        masked: which === "hidden" ? tensor("masked", masked) : undefined,
      });
      const loss = sum(mul<Tensor, Tensor>(y, tensor("cotangent", cotangent)));
      const names = Object.keys(gradients);
      const derived = grad(
        loss,
        names.map((name) => weights.get(name)!),
      );
      const outputs = Object.fromEntries(names.map((name, i) => [`d ${name}`, derived[i]]));
      const fed = { ...golden.weights, features, valid, masked, cotangent };
      const feeds = Object.fromEntries(Object.entries(fed).map(([name, { data }]) => [name, data]));
      const values: Record<string, number[]> = await evaluate({ logits: y, ...outputs }, feeds);
      expect(y.shape).toEqual(logits.shape);
      expect(relativeError(values.logits, logits.data)).toBeLessThan(tolerance);
      for (const [name, { data }] of Object.entries(gradients)) {
        expect(relativeError(values[`d ${name}`], data), name).toBeLessThan(tolerance);
      }
    },
  );
});
