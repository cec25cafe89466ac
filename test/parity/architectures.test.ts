/** Models that Transformers wrote, against what it computes with them. See make_architecture_goldens.py. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { openFolder } from "../../src/files/disk.js";
import { memoryFolder } from "../../src/files/memory.js";
import { loadModel, saveModel } from "../../src/interop/model-folder.js";
import { languageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut, parameterTensors } from "../../src/optim/layout.js";
import { compileLoss } from "../../src/training/step.js";
import {
  expectCachedEqualsFull,
  expectRowsApart,
  fullForward,
  greedyTokens,
  largestDifference,
} from "./full-forward.js";

interface Golden {
  inputIds: number[][];
  targets: number[][];
  logits: { data: number[] };
  loss: number;
  gradients: Record<string, { data: number[] }>;
  greedy: { prompt: number[]; continuation: number[] };
}

const place = fileURLToPath(new URL("goldens/architectures", import.meta.url));

describe.each(["llama3", "qwen2", "smollm3", "gemma3"])("%s", async (name) => {
  const golden: Golden = JSON.parse(readFileSync(`${place}/${name}/golden.json`, "utf8"));
  const saved = await loadModel(openFolder(`${place}/${name}`));
  const { model, weights } = saved;
  const [batchSize, contextLength] = [golden.inputIds.length, golden.inputIds[0].length];

  it("gives Transformers' logits", async () => {
    const size = contextLength * model.vocabSize;
    for (const [i, ids] of golden.inputIds.entries()) {
      const expected = golden.logits.data.slice(i * size, (i + 1) * size);
      expect(largestDifference(await fullForward(model, weights, ids), expected)).toBeLessThan(1e-5);
    }
  });

  it("gives Transformers' loss and gradients", async () => {
    const layout = layOut(model.parameters, adamw({ lr: 1 }));
    const [parameters, gradients] = [new Float32Array(layout.size), new Float32Array(layout.size)];
    for (const [key, tensor] of parameterTensors(layout, parameters))
      (tensor.data as Float32Array).set(weights.get(key)!.data);
    const task = languageTask(model, { batchSize, contextLength });
    const compiled = await compileLoss(nodeRuntime, task, layout, { parameters, gradients });
    const { loss } = await compiled.run({
      inputs: Int32Array.from(golden.inputIds.flat()),
      targets: Int32Array.from(golden.targets.flat()),
    });
    expect(loss).toBeCloseTo(golden.loss, 5);
    const ours = parameterTensors(layout, gradients);
    expect(Object.keys(golden.gradients).length).toBeGreaterThan(8);
    for (const [parameter, { data }] of Object.entries(golden.gradients)) {
      const difference = largestDifference(ours.get(parameter)!.data as Float32Array, data);
      expect(difference / Math.max(...data.map(Math.abs)), parameter).toBeLessThan(1e-4);
    }
  });

  it("continues greedily as Transformers does", async () => {
    const { prompt, continuation } = golden.greedy;
    expect(await greedyTokens(model, weights, prompt, continuation.length)).toEqual(continuation);
  });

  it.each([1, 9])("cached decoding equals the full forward, %i tokens first", (first) =>
    expectCachedEqualsFull(model, weights, golden.inputIds[0], first),
  );

  it("rows of different lengths equal the full forward of each", () =>
    expectRowsApart(
      model,
      weights,
      golden.inputIds.map((text, i) => text.slice(0, 3 + 8 * i)),
    ));

  it("is written as a folder that opens as the same model", async () => {
    const folder = memoryFolder("written");
    await saveModel(folder, saved);
    const again = await loadModel(folder);
    expect(again.model.huggingFaceConfig()).toEqual(model.huggingFaceConfig());
    expect(again.weights).toEqual(weights);
  });
});
