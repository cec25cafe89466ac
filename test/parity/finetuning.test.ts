/** DPO and LoRA against PyTorch: loss, what is logged, every gradient. See make_goldens.py. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { decoderFromConfig } from "../../src/interop/model-config.js";
import { referenceLogLikelihoods } from "../../src/modalities/text/formats/reference.js";
import { loraParameters, targetedLayers } from "../../src/nn/lora.js";
import type { Weights } from "../../src/nn/weights.js";
import { dpo } from "../../src/objectives/dpo.js";
import { languageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut, parameterTensors } from "../../src/optim/layout.js";
import { compileLoss } from "../../src/training/step.js";
import { copyWeights } from "../../src/training/weights.js";

type Tensors = Record<string, { shape: number[]; data: number[] }>;
interface Batch {
  inputs: number[][];
  targets: number[][];
  loss: number;
  gradients: Tensors;
}
interface Golden {
  dpo: Batch & {
    settings: { beta: number; labelSmoothing: number; pairs: number };
    reference: number[];
    metrics: Record<string, number>;
  };
  lora: Batch & { settings: { rank: number; alpha: number }; matrices: Tensors };
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`goldens/${name}.json`, import.meta.url), "utf8"));

const arrays = (tensors: Tensors): Weights =>
  new Map(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  );

const ids = (rows: number[][]) => Int32Array.from(rows.flat());
const optimizer = adamw({ lr: 1 });

/** float32 sums in another order: 1e-4 of a tensor's largest element is ten times what was seen. */
function expectGradients(actual: ReturnType<typeof parameterTensors>, expected: Tensors): void {
  for (const [name, { data }] of Object.entries(expected)) {
    const found = actual.get(name)!.data as Float32Array;
    const scale = Math.max(1e-6, ...data.map(Math.abs));
    const error = Math.max(...data.map((value, i) => Math.abs(value - found[i]))) / scale;
    expect(error, name).toBeLessThan(1e-4);
  }
  expect([...actual.keys()].sort()).toEqual(Object.keys(expected).sort());
}

describe.each(["gpt2", "qwen3"])("%s", (name) => {
  const { config, weights: stored } = read(name);
  const golden: Golden = read(`finetuning-${name}`);
  const model = decoderFromConfig(config, name);
  const weights = arrays(stored);
  const contextLength = golden.dpo.inputs[0].length;

  it("gives PyTorch's DPO loss, metrics and every gradient", async () => {
    const { settings, reference, loss, metrics, gradients } = golden.dpo;
    const layout = layOut(model.parameters, optimizer);
    const state = { parameters: new Float32Array(layout.size), gradients: new Float32Array(layout.size) };
    copyWeights(layout, state.parameters, weights);
    const shape = { batchSize: settings.pairs, contextLength };
    const compiled = await compileLoss(nodeRuntime, languageTask(model, shape, dpo(settings)), layout, state);
    const batch = { inputs: ids(golden.dpo.inputs), targets: ids(golden.dpo.targets) };
    const result = await compiled.run({ ...batch, reference: Float32Array.from(reference) });
    expect(result.loss).toBeCloseTo(loss, 5);
    expect(Object.keys(result.metrics).sort()).toEqual(Object.keys(metrics).sort());
    for (const [key, value] of Object.entries(metrics))
      expect(result.metrics[key], key).toBeCloseTo(value, 4);
    expectGradients(parameterTensors(layout, state.gradients), gradients);
  });

  it("a pair without targets counts for nothing", async () => {
    const { settings, reference } = golden.dpo;
    const layout = layOut(model.parameters, optimizer);
    const parameters = new Float32Array(layout.size);
    copyWeights(layout, parameters, weights);
    const run = async (rows: number[]) => {
      const shape = { batchSize: rows.length / 2, contextLength };
      const objective = dpo(settings);
      const compiled = await compileLoss(nodeRuntime, languageTask(model, shape, objective), layout, {
        parameters,
      });
      const pick = (all: number[][]) => rows.map((row) => all[row] ?? Array(contextLength).fill(-100));
      const batch = {
        inputs: ids(pick(golden.dpo.inputs).map((row) => row.map((id) => Math.max(0, id)))),
        targets: ids(pick(golden.dpo.targets)),
        reference: Float32Array.from(rows.map((row) => reference[row] ?? 0)),
      };
      return { count: compiled.count(batch), ...(await compiled.run(batch)) };
    };
    const [two, padded] = [await run([0, 1, 2, 3]), await run([0, 1, 2, 3, -1, -1])];
    expect([two.count, padded.count]).toEqual([2, 2]);
    expect(padded.loss).toBeCloseTo(two.loss, 6);
    expect(padded.metrics.margin).toBeCloseTo(two.metrics.margin, 6);
  });

  it("the reference model's log-likelihoods make every reward zero at the start", async () => {
    const { settings } = golden.dpo;
    const layout = layOut(model.parameters, optimizer);
    const parameters = new Float32Array(layout.size);
    copyWeights(layout, parameters, weights);
    const batch = { inputs: ids(golden.dpo.inputs), targets: ids(golden.dpo.targets) };
    const rows = { batchSize: 2 * settings.pairs, contextLength };
    const likelihoods = referenceLogLikelihoods(nodeRuntime, model, weights, [batch], rows);
    const reference = (await likelihoods.next()).value as Float32Array;
    const shape = { batchSize: settings.pairs, contextLength };
    const compiled = await compileLoss(nodeRuntime, languageTask(model, shape, dpo(settings)), layout, {
      parameters,
    });
    const { loss, metrics } = await compiled.run({ ...batch, reference });
    expect(loss).toBeCloseTo(Math.LN2, 5);
    expect(Math.abs(metrics.chosenReward) + Math.abs(metrics.rejectedReward)).toBeLessThan(1e-5);
  });

  it("gives PyTorch's loss with an adapter and every gradient of its matrices", async () => {
    const { settings: lora, matrices, loss, gradients } = golden.lora;
    const layout = layOut(loraParameters(targetedLayers(model.parameters, lora), lora), optimizer);
    const state = { parameters: new Float32Array(layout.size), gradients: new Float32Array(layout.size) };
    copyWeights(layout, state.parameters, arrays(matrices));
    const shape = { batchSize: golden.lora.inputs.length, contextLength };
    const all = { ...state, frozen: weights };
    const compiled = await compileLoss(nodeRuntime, languageTask(model, shape), layout, all, { lora });
    const result = await compiled.run({ inputs: ids(golden.lora.inputs), targets: ids(golden.lora.targets) });
    expect(result.loss).toBeCloseTo(loss, 5);
    expectGradients(parameterTensors(layout, state.gradients), gradients);
  });
});
