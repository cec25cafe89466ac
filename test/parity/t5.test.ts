/** T5 against Hugging Face Transformers. See make_t5_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input, type Tensor } from "../../src/core/graph/tensor.js";
import { mul } from "../../src/core/ops/elementwise.js";
import { gemm } from "../../src/core/ops/matmul.js";
import { reshape, sum } from "../../src/core/ops/movement.js";
import { translatorFromConfig } from "../../src/interop/translator-config.js";
import { lookUp } from "../../src/nn/parameter.js";
import { bucketOf, type RelativeBuckets } from "../../src/nn/relative-bias.js";
import { evaluate } from "../evaluate.js";

interface Values {
  shape: number[];
  data: number[];
}

type Named = Record<string, Values>;

interface Golden {
  config: Record<string, unknown>;
  weights: Named;
  source: Values;
  valid: Values;
  inputs: Values;
  cotangent: Values;
  logits: Values;
  gradients: Named;
}

const {
  models,
  buckets,
}: { models: Record<string, Golden>; buckets: (RelativeBuckets & { numbers: number[] })[] } = JSON.parse(
  readFileSync(new URL("goldens/t5.json", import.meta.url), "utf8"),
);

// float32 sums in another order: five times what was seen and more.
const tolerance = 3e-5;

/** Against the largest element of the expected values. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i]))) / scale;
}

describe.each(Object.entries(models))("T5 %s", (_, golden) => {
  const model = translatorFromConfig(golden.config, "the golden");

  it("has the parameters of the checkpoint", () => {
    const shapes = model.parameters.map(({ name, shape }) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual(
      Object.fromEntries(Object.entries(golden.weights).map(([name, { shape }]) => [name, shape])),
    );
  });

  it("gives Transformers' logits and gradients", async () => {
    const { weights, source, valid, inputs, cotangent, logits, gradients } = golden;
    const parameters = new Map(
      Object.entries(weights).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
    );
    const p = lookUp(parameters);
    const read = {
      ids: input<"b s">("source", "int64", source.shape),
      valid: input<"b s">("valid", "float32", valid.shape),
    };
    const encoded = model.encode(p, read);
    const hidden = model.decodeAll(p, encoded, read, input<"b t">("inputs", "int64", inputs.shape));
    const y = reshape(gemm(hidden, model.head(p), { transB: true }), logits.shape);
    const loss = sum(mul<Tensor, Tensor>(y, input("cotangent", "float32", cotangent.shape)));
    const names = Object.keys(gradients);
    const derived = grad(
      loss,
      names.map((name) => parameters.get(name)!),
    );
    const outputs = Object.fromEntries(names.map((name, i) => [`d ${name}`, derived[i]]));
    const fed = { ...weights, source, valid, inputs, cotangent };
    const feeds = Object.fromEntries(Object.entries(fed).map(([name, { data }]) => [name, data]));
    const values: Record<string, number[]> = await evaluate({ logits: y, ...outputs }, feeds);
    expect(relativeError(values.logits, logits.data)).toBeLessThan(tolerance);
    expect(names.sort()).toEqual([...parameters.keys()].sort());
    for (const [name, { data }] of Object.entries(gradients)) {
      expect(relativeError(values[`d ${name}`], data), name).toBeLessThan(tolerance);
    }
  });
});

describe("buckets of distances", () => {
  it.each(buckets)("are T5's: $count up to $maxDistance, both ways: $bidirectional", ({ numbers, ...of }) => {
    expect(numbers.map((_, i) => bucketOf(i - (numbers.length - 1) / 2, of))).toEqual(numbers);
  });
});
