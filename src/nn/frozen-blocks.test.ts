import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { operatorsRun } from "../../test/operators-run.js";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compileDecoder } from "../generation/decoder-session.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { languageTask } from "../objectives/task.js";
import { adamw } from "../optim/adamw.js";
import { createTrainer } from "../training/trainer.js";
import { blockLinear, inBlocks } from "./frozen-blocks.js";
import { linear } from "./linear.js";
import { lookUp, type Parameter } from "./parameter.js";
import { blockInputs, feedsOf, type Weights } from "./weights.js";

const noise = (name: string, length: number) => {
  const stream = randomStream(1, name);
  return Float32Array.from({ length }, () => stream.normal());
};

/** A layer of a weight that lies as Llama's do, or as GPT-2's. */
const layer = (inputs: number, outputs: number, inputAxis: 0 | 1): Parameter => ({
  name: "layer.weight",
  shape: inputAxis === 1 ? [outputs, inputs] : [inputs, outputs],
  role: "matrix",
  init: { kind: "constant", value: 0 },
  inputAxis,
});

const kept = (weights: Weights, parameters: readonly Parameter[], bits: 8 | 4): Weights =>
  new Map(
    parameters.map((parameter) => [parameter.name, inBlocks(parameter, weights.get(parameter.name)!, bits)]),
  );

describe("blockLinear", () => {
  const rows = 3;
  // Inputs that fill their blocks, and inputs that do not.
  const cases = ([8, 4] as const).flatMap((bits) =>
    ([0, 1] as const).flatMap((axis) => [64, 41].map((inputs) => [bits, inputs, axis] as const)),
  );
  it.each(cases)(
    "in %i bits with %i inputs along axis %i: the product and the gradient of what the codes stand for",
    async (bits, inputs, axis) => {
      const outputs = 5;
      const parameter = layer(inputs, outputs, axis);
      const exact = { shape: parameter.shape, data: noise("w", inputs * outputs) };
      const weights = kept(new Map([["layer.weight", exact]]), [parameter], bits);
      const { data } = weights.get("layer.weight")!;
      expect(data).not.toEqual(exact.data);
      const w = (k: number, o: number) => (axis === 0 ? data[k * outputs + o] : data[o * inputs + k]);

      const x = input<"n c">("x", "float32", [rows, inputs]);
      const g = input("g", "float32", [rows, outputs]);
      const y = blockLinear(x, blockInputs(weights).get("layer.weight")!);
      const [dx] = grad(sum(mul(y, g)), [x]);
      const [xs, gs] = [noise("x", rows * inputs), noise("g", rows * outputs)];
      const feeds = feedsOf({ graph: { inputs: blockFeeds } }, weights);
      const numbers = Object.entries(feeds).map(([name, tensor]) => [name, Array.from(tensor.data, Number)]);
      const result = await evaluate({ y, dx }, { x: [...xs], g: [...gs], ...Object.fromEntries(numbers) });

      for (let n = 0; n < rows; n++) {
        for (let o = 0; o < outputs; o++) {
          let total = 0;
          for (let k = 0; k < inputs; k++) total += xs[n * inputs + k] * w(k, o);
          expect(result.y[n * outputs + o]).toBeCloseTo(total, 4); // float32, sums of some ten
        }
        for (let k = 0; k < inputs; k++) {
          let total = 0;
          for (let o = 0; o < outputs; o++) total += gs[n * outputs + o] * w(k, o);
          expect(result.dx[n * inputs + k]).toBeCloseTo(total, 4);
        }
      }
    },
  );

  it("makes a matrix for the way back when its turn comes", async () => {
    const names = ["a", "b"];
    const parameters = names.map((name) => ({ ...layer(32, 32, 1), name: `${name}.weight` }));
    const exact = parameters.map(({ name, shape }) => [name, { shape, data: noise(name, 1024) }] as const);
    const blocks = blockInputs(kept(new Map(exact), parameters, 8));
    const p = lookUp(new Map(), undefined, { blocks });
    const x = input("x", "float32", [2, 32]);
    const [dx] = grad(sum(linear(p, linear(p, x, "a"), "b")), [x]);
    const run = await operatorsRun({ dx });
    // Each of the two is cast from its codes and multiplied before the next is.
    expect(
      run.filter((operator) => operator === "Cast" || operator === "Gemm" || operator === "MatMul"),
    ).toEqual(["Cast", "Gemm", "Cast", "Gemm"]);
  });
});

/** Of one weight: the names that its codes and scales are fed under. */
const blockFeeds = new Map(["layer.weight codes", "layer.weight scales"].map((name) => [name, undefined]));

const sizes = { vocabSize: 23, contextLength: 16, numLayers: 2, numHeads: 2, width: 48 };
const session = { threads: 1, spin: false };

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 1, hiddenWidth: 72 })],
])("an adapter beside a %s in blocks", (_, model) => {
  const fresh: Weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const centre = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
      const data = noise(
        name,
        shape.reduce((a, b) => a * b, 1),
      ).map((value) => centre + value * 0.1);
      return [name, { shape, data }];
    }),
  );
  const lora = { rank: 2, alpha: 4 };
  const inputs = Int32Array.from({ length: 32 }, (_, i) => (i * i) % 23);
  const batch = { inputs, targets: inputs.map((id) => (id + 1) % 23) };

  async function learn(pretrained: Weights, recomputeLayers: boolean) {
    const task = languageTask(model, { batchSize: 2, contextLength: 16 });
    const options = { runtime: nodeRuntime, optimizer: adamw({ lr: 1e-2 }), seed: 1, session };
    const trainer = await createTrainer({ ...options, task, pretrained, lora, recomputeLayers });
    const losses: number[] = [];
    for (let step = 0; step < 5; step++) losses.push((await trainer.step(async () => batch, step, 1)).loss);
    return {
      losses,
      parameters: trainer.arrays.parameters,
      evaluated: (await trainer.evaluation.run(batch)).loss,
    };
  }

  it.each([8, 4] as const)(
    "of %i bits learns what it learns beside the same weights in float32",
    async (bits) => {
      const blocks = kept(fresh, model.parameters, bits);
      const inBlocks = [...blocks.values()].filter((weight) => weight.blocks);
      expect(inBlocks).toHaveLength(
        model.parameters.filter(({ inputAxis }) => inputAxis !== undefined).length,
      );
      const plain: Weights = new Map([...blocks].map(([name, { shape, data }]) => [name, { shape, data }]));
      const expected = await learn(plain, false);
      for (const recomputes of [false, true]) {
        const actual = await learn(blocks, recomputes);
        // Five steps of AdamW over sums in another order.
        actual.losses.forEach((loss, step) => {
          expect(loss).toBeCloseTo(expected.losses[step], 4);
        });
        expect(actual.evaluated).toBeCloseTo(expected.evaluated, 4);
      }
      expect(expected.evaluated).toBeLessThan(expected.losses[0] - 0.1);
    },
  );

  it("writes what it writes beside the same weights in float32", async () => {
    const blocks = kept(fresh, model.parameters, 4);
    const plain: Weights = new Map([...blocks].map(([name, { shape, data }]) => [name, { shape, data }]));
    const logits = async (weights: Weights) => {
      const decoder = await compileDecoder(nodeRuntime, model, weights, { live: true, ...session });
      return decoder.read(decoder.cache(1), 0, [3, 1, 4, 1, 5]);
    };
    const [expected, actual] = [await logits(plain), await logits(blocks)];
    actual.forEach((logit, i) => {
      expect(logit).toBeCloseTo(expected[i], 4);
    });
  });
});
