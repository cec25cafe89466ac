/** Adapters: learned beside frozen weights, merged, saved as PEFT does, chosen per text. */
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { memoryFolder } from "../../src/files/memory.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { loadAdapter, mergeAdapter, saveAdapter } from "../../src/interop/adapter.js";
import { CheckpointError } from "../../src/interop/errors.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gemma3 } from "../../src/models/gemma3.js";
import { llama } from "../../src/models/llama.js";
import { type LoraConfig, loraParameters, targetedLayers } from "../../src/nn/lora.js";
import type { Weights } from "../../src/nn/weights.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { initialiseAll, weightsOf } from "../../src/training/weights.js";
import { tinyData, tinyModel, tinyTrainer } from "../tiny.js";

const sizes = { vocabSize: 23, contextLength: 16, numLayers: 2, numHeads: 4, width: 32, hiddenWidth: 32 };
const models: Record<string, Decoder> = {
  gpt2: tinyModel({ numLayers: 2 }),
  llama: llama({ ...sizes, kvHeads: 2 }),
  qwen2: llama({ ...sizes, kvHeads: 2, qkvBias: true }),
  gemma3: gemma3({ ...sizes, kvHeads: 2, slidingWindow: 3, globalLayers: [1] }),
};

function fresh(parameters: Decoder["parameters"], seed: number, shift = 0): Weights {
  const layout = layOut(parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, seed);
  for (let i = 0; i < flat.length; i++) flat[i] += shift * Math.sin(i + seed);
  return weightsOf(layout, flat);
}

const adapterOf = (model: Decoder, lora: LoraConfig, seed: number) => ({
  lora,
  weights: fresh(loraParameters(targetedLayers(model.parameters, lora), lora), seed, 0.3),
});

async function logitsOf(model: Decoder, weights: Weights): Promise<Float32Array> {
  const session = await compileDecoder(nodeRuntime, model, weights, { threads: 1 });
  return session.read(session.cache(1), 0, [1, 2, 3, 4]);
}

const difference = (a: Float32Array, b: Float32Array) =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);

describe.each(Object.entries(models))("an adapter of a %s", (_, model) => {
  const base = fresh(model.parameters, 1, 0.1);
  const all = adapterOf(model, { rank: 3, alpha: 6 }, 2);
  const [layer] = targetedLayers(model.parameters, all.lora);
  const some = adapterOf(model, { rank: 2, alpha: 8, targets: [layer.name.split(".").at(-1)!] }, 3);

  it("beside the weights or merged into them gives the same logits", async () => {
    const merged = mergeAdapter(model, base, all);
    const session = await compileDecoder(nodeRuntime, model, new Map([...base, ...all.weights]), {
      lora: all.lora,
    });
    const beside = await session.read(session.cache(1), 0, [1, 2, 3, 4]);
    expect(difference(beside, await logitsOf(model, merged))).toBeLessThan(1e-4);
    expect(difference(beside, await logitsOf(model, base))).toBeGreaterThan(0.01);
  });

  it("each text of a batch has its own", async () => {
    const session = await compileDecoder(nodeRuntime, model, base, { adapters: [all, some], threads: 1 });
    const cache = session.cache(0);
    const alone = [base, mergeAdapter(model, base, all), mergeAdapter(model, base, some)];
    const chosen = [2, 0, 1, 2];
    for (const adapter of chosen) {
      const row = cache.add(adapter);
      await session.read(cache, row, [1, 2, 3]);
    }
    const logits = await session.step(cache, [4, 4, 4, 4]);
    for (const [row, adapter] of chosen.entries()) {
      const own = logits.subarray(row * model.vocabSize, (row + 1) * model.vocabSize);
      expect(difference(own, await logitsOf(model, alone[adapter])), `row ${row}`).toBeLessThan(1e-4);
    }
  });

  it("is the same after it was saved as PEFT saves it", async () => {
    const folder = memoryFolder();
    await saveAdapter(folder, { ...some, base: "gpt2" }, model);
    const { lora, base: name, weights } = await loadAdapter(folder);
    expect({ lora, name }).toEqual({ lora: some.lora, name: "gpt2" });
    expect(weights).toEqual(new Map(some.weights));
    const config = JSON.parse(new TextDecoder().decode(await folder.read("adapter_config.json")));
    expect(config).toMatchObject({ peft_type: "LORA", task_type: "CAUSAL_LM", r: 2, lora_alpha: 8 });
    expect(config.fan_in_fan_out).toBe(model === models.gpt2);
  });

  it("learns while the weights beside it stay as they are", async () => {
    // A fresh head is so small that nothing before it could make a prediction sure.
    const isHead = (name: string) => /wte|lm_head/.test(name);
    const pretrained = new Map(
      [...base].map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((x) => (isHead(name) ? 10 * x : x)) },
      ]),
    );
    const before = new Map([...pretrained].map(([name, { data }]) => [name, data.slice()]));
    const lora = { rank: 4, alpha: 8 };
    const trainer = await tinyTrainer({ model, pretrained, lora, optimizer: adamw({ lr: 2e-2 }) });
    const { training } = tinyData(trainer);
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) losses.push((await trainer.step(training, step, 1)).loss);
    expect(losses.at(-1)).toBeLessThan(losses[0] - 0.3);
    for (const [name, { data }] of pretrained) expect(data).toEqual(before.get(name));
    const numbers = loraParameters(targetedLayers(model.parameters, lora), lora);
    expect(trainer.layout.slots.map((slot) => slot.parameter.name).sort()).toEqual(
      numbers.map(({ name }) => name).sort(),
    );
  });

  it("of another model is refused", () => {
    const other = adapterOf(models[model === models.gpt2 ? "llama" : "gpt2"], { rank: 2, alpha: 2 }, 1);
    expect(() => mergeAdapter(model, base, other)).toThrow(CheckpointError);
    const half = new Map([...all.weights].slice(1));
    expect(() => mergeAdapter(model, base, { ...all, weights: half })).toThrow(/lora_A|lora_B/);
  });
});

describe("an adapter's configuration", () => {
  it.each([
    ["use_dora", true],
    ["bias", "all"],
    ["r", 0],
    ["rank_pattern", { c_attn: 4 }],
    ["peft_type", "IA3"],
  ])("with %s %j is refused by name", async (field, value) => {
    const folder = memoryFolder();
    const model = models.gpt2;
    await saveAdapter(folder, { ...adapterOf(model, { rank: 2, alpha: 2 }, 1), base: "gpt2" }, model);
    const config = JSON.parse(new TextDecoder().decode(await folder.read("adapter_config.json")));
    await folder.write("adapter_config.json", JSON.stringify({ ...config, [field]: value }));
    await expect(loadAdapter(folder)).rejects.toThrow(new RegExp(field));
  });
});
