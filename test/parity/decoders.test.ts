/** Our decoders against PyTorch: logits, loss, every gradient, ten AdamW losses. See make_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { input } from "../../src/core/graph/tensor.js";
import { matmul, swapLast } from "../../src/core/ops/matmul.js";
import { reshape, transpose } from "../../src/core/ops/movement.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compile, int64Tensor } from "../../src/core/runtime/session.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { llama } from "../../src/models/llama.js";
import { lookUp } from "../../src/nn/parameter.js";
import { nextToken } from "../../src/objectives/next-token.js";
import { languageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut, parameterTensors } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss } from "../../src/training/step.js";

interface Golden {
  config: Record<string, number | boolean>;
  weights: Record<string, { shape: number[]; data: number[] }>;
  inputIds: number[][];
  targets: number[][];
  logits: { data: number[] };
  loss: number;
  gradients: Record<string, { data: number[] }>;
  gradNorm: number;
  adamw: {
    lr: number;
    beta1: number;
    beta2: number;
    eps: number;
    weightDecay: number;
    clipNorm: number;
    losses: number[];
  };
}

const read = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`goldens/${name}.json`, import.meta.url), "utf8"));

const number = (golden: Golden, key: string) => golden.config[key] as number;

function gpt2Of(g: Golden): Decoder {
  return gpt2({
    vocabSize: number(g, "vocab_size"),
    contextLength: number(g, "n_positions"),
    numLayers: number(g, "n_layer"),
    numHeads: number(g, "n_head"),
    width: number(g, "n_embd"),
  });
}

function llamaOf(qkNorm: boolean): (g: Golden) => Decoder {
  return (g) =>
    llama({
      vocabSize: number(g, "vocab_size"),
      contextLength: number(g, "max_position_embeddings"),
      numLayers: number(g, "num_hidden_layers"),
      numHeads: number(g, "num_attention_heads"),
      kvHeads: number(g, "num_key_value_heads"),
      width: number(g, "hidden_size"),
      headWidth: number(g, "head_dim"),
      hiddenWidth: number(g, "intermediate_size"),
      ropeTheta: number(g, "rope_theta"),
      rmsNormEpsilon: number(g, "rms_norm_eps"),
      tiedHead: g.config.tie_word_embeddings as boolean,
      qkNorm,
    });
}

/** Largest difference, relative to the largest element of the expected values. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  const scale = Math.max(1e-6, ...expected.map(Math.abs));
  return Math.max(...expected.map((e, i) => Math.abs(e - actual[i]))) / scale;
}

async function prepare(golden: Golden, model: Decoder) {
  const { lr, beta1, beta2, eps, weightDecay } = golden.adamw;
  const optimizer = adamw({ lr, betas: [beta1, beta2], epsilon: eps, weightDecay });
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
  const weights = parameterTensors(layout, state.parameters);
  for (const [name, { shape, data }] of Object.entries(golden.weights)) {
    expect(weights.get(name)?.shape, name).toEqual(shape);
    (weights.get(name)!.data as Float32Array).set(data);
  }
  expect([...weights.keys()].sort()).toEqual(Object.keys(golden.weights).sort());
  const shape = { batchSize: golden.inputIds.length, contextLength: golden.inputIds[0].length };
  const batch = {
    inputs: Int32Array.from(golden.inputIds.flat()),
    targets: Int32Array.from(golden.targets.flat()),
  };
  return { optimizer, layout, state, weights, shape, batch };
}

describe.each([
  ["gpt2", gpt2Of],
  ["llama", llamaOf(false)],
  ["qwen3", llamaOf(true)],
] as const)("%s", (name, build) => {
  const golden = read(name);
  const model = build(golden);

  it("gives PyTorch's logits", async () => {
    const { layout, weights, shape, batch } = await prepare(golden, model);
    const dims = [shape.batchSize, shape.contextLength];
    const p = lookUp(
      new Map(layout.slots.map(({ parameter: q }) => [q.name, input(q.name, "float32", q.shape)])),
    );
    const rows = model.hidden(p, input("ids", "int64", dims)); // t b, c
    const hidden = transpose(reshape(rows, [dims[1], dims[0], rows.shape[1]]), [1, 0, 2]);
    const session = await compile(nodeRuntime, { logits: matmul(hidden, swapLast(model.head(p))) });
    const feeds = { ...Object.fromEntries(weights), ids: int64Tensor(batch.inputs, dims) };
    const { logits } = await session.run(feeds);
    const difference = golden.logits.data.map((e, i) => Math.abs(e - Number(logits.data[i])));
    expect(Math.max(...difference)).toBeLessThan(1e-4);
  });

  it.each([
    ["whole", 2 ** 26],
    ["in chunks of seven rows", 31 * 7],
  ])("gives PyTorch's loss and every gradient, the loss %s", async (_, chunkElements) => {
    const { layout, state, shape, batch } = await prepare(golden, model);
    const loss = await compileLoss(
      nodeRuntime,
      languageTask(model, shape, nextToken({ chunkElements })),
      layout,
      state,
    );
    expect((await loss.run(batch)).loss).toBeCloseTo(golden.loss, 5);
    const gradients = parameterTensors(layout, state.gradients);
    for (const [parameter, { data }] of Object.entries(golden.gradients)) {
      // float32 sums in another order: 1e-4 of the largest element is ten times what was seen.
      expect(relativeError(gradients.get(parameter)!.data as Float32Array, data), parameter).toBeLessThan(
        1e-4,
      );
    }
  });

  it("follows PyTorch through ten AdamW steps with clipping", async () => {
    const { optimizer, layout, state, shape, batch } = await prepare(golden, model);
    const loss = await compileLoss(nodeRuntime, languageTask(model, shape), layout, state);
    const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
    for (const [index, expected] of golden.adamw.losses.entries()) {
      expect(Math.abs((await loss.run(batch)).loss - expected) / expected, `step ${index}`).toBeLessThan(
        1e-3,
      );
      const norm = await update.gradientNorm();
      if (index === 0) expect(norm).toBeCloseTo(golden.gradNorm, 4);
      const gradientScale = Math.min(1, golden.adamw.clipNorm / (norm + 1e-6));
      await update.step({ step: index + 1, gradientScale }, 1);
    }
  });
});
