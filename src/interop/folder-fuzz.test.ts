/** Whatever stands in the JSON files of a model folder: the model opens as they say, or they are refused. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { oddJson } from "../../test/odd-json.js";
import { type Asked, recordingFolder } from "../../test/recording-folder.js";
import { AutodidactError } from "../core/errors.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import type { Decoder } from "../models/decoder.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { loraA, loraB, loraParameters, targetedLayers } from "../nn/lora.js";
import type { Parameter } from "../nn/parameter.js";
import { saveAdapter } from "./adapter.js";
import { CheckpointError } from "./errors.js";
import type { JsonObject } from "./folder-files.js";
import { decoderFromConfig } from "./model-config.js";
import { loadModel, openModel, saveModel } from "./model-folder.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";

const sizes = { vocabSize: 7, contextLength: 4, numLayers: 1, numHeads: 2, width: 4 };
const models: [string, Decoder][] = [
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 1, hiddenWidth: 6 })],
  ["qwen3", llama({ ...sizes, headWidth: 4, hiddenWidth: 6, qkNorm: true, tiedHead: true })],
  [
    "smollm3",
    llama({ ...sizes, hiddenWidth: 6, noRopeLayers: [0], ropeScaling: { kind: "linear", factor: 2 } }),
  ],
  ["gemma3", gemma3({ ...sizes, headWidth: 4, hiddenWidth: 6, slidingWindow: 2 })],
];
const [[, model]] = models;

/** Numbers that differ from parameter to parameter. */
const weightsOf = (parameters: readonly Parameter[]): Map<string, NamedArray> =>
  new Map(
    parameters.map(({ name, shape }, n) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return [name, { shape, data: data.map((_, i) => ((i + n) % 64) / 64) }];
    }),
  );
const weights = weightsOf(model.parameters);
const lora = { rank: 2, alpha: 4 };
const matrices = weightsOf(loraParameters(targetedLayers(model.parameters, lora), lora));

const files: Record<string, object> = {};
const saved = memoryFolder();
const adapter = memoryFolder("adapter");
beforeAll(async () => {
  await saveModel(saved, { model, weights, generation: { temperature: 0.5, topK: 3, endTokens: [4, 5] } });
  await saveAdapter(adapter, { lora, base: "base", weights: matrices }, model);
  for (const [folder, name] of [
    [saved, "generation_config.json"],
    [adapter, "adapter_config.json"],
  ] as const) {
    files[name] = JSON.parse(new TextDecoder().decode(await folder.read(name)));
  }
});

/** The folder with other content in one file. */
function withFile(folder: Folder, name: string, content: string): Folder {
  const bytes = new TextEncoder().encode(content);
  const read: Folder["read"] = async (path) => (path === name ? bytes : folder.read(path));
  return Object.assign(Object.create(folder), { read });
}

/** How often something is opened, and how often refused. */
function tally() {
  const counts = { opened: 0, refused: 0 };
  /** What `open` gives; undefined where it refuses as it should. */
  async function attempt<T>(open: () => T | Promise<T>, kind = AutodidactError): Promise<T | undefined> {
    try {
      const opened = await open();
      counts.opened++;
      return opened;
    } catch (error) {
      expect(error).toBeInstanceOf(kind);
      counts.refused++;
      return undefined;
    }
  }
  return { counts, attempt };
}

const runs = { numRuns: 300, seed: 20 } as const;
const plainName = /^[\w.-]+$/;
const expectInside = ({ paths }: Asked) => {
  for (const path of paths) expect(path).toMatch(plainName);
};

describe.each(models)("config.json of a %s", (_, model) => {
  it("describes a decoder, which says the same of itself, or is refused by a field", async () => {
    const { counts, attempt } = tally();
    const folder = memoryFolder();
    const weights = weightsOf(model.parameters);
    await saveModel(folder, { model, weights });
    await fc.assert(
      fc.asyncProperty(oddJson(model.huggingFaceConfig()), async (text) => {
        const opened = await attempt(() => loadModel(withFile(folder, "config.json", text)));
        if (!opened) return;
        expect(opened.weights).toEqual(weights);
        const again = decoderFromConfig(opened.model.huggingFaceConfig() as JsonObject, "itself");
        expect(again.huggingFaceConfig()).toEqual(opened.model.huggingFaceConfig());
      }),
      runs,
    );
    expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(20);
  });
});

it("weights are kept as one asks, each before the next is read, and with an adapter in them", async () => {
  const order: string[] = [];
  const spied = memoryFolder("base");
  for (const name of await saved.list("")) await spied.write(name, await saved.read(name));
  const keep = (parameter: Parameter, { shape, data }: NamedArray) => {
    order.push(parameter.name);
    return { shape, data: data.map((value) => value + 1) };
  };
  const more = (plain: ReadonlyMap<string, NamedArray>) =>
    new Map(
      [...plain].map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 1) }]),
    );
  const bare = await openModel(spied, "latest", undefined, keep);
  expect(bare.weights).toEqual(more(weights));
  expect(order).toEqual(model.parameters.map(({ name }) => name));
  const open = async () => spied;
  const merged = await openModel(adapter, "latest", open, keep);
  expect(merged.weights).toEqual(more((await openModel(adapter, "latest", open)).weights));
  expect(merged.weights).not.toEqual(bare.weights);
});

describe("generation_config.json", () => {
  it("gives numbers and ids, or is refused", async () => {
    const { counts, attempt } = tally();
    await fc.assert(
      fc.asyncProperty(oddJson(files["generation_config.json"]), async (text) => {
        const opened = await attempt(
          () => loadModel(withFile(saved, "generation_config.json", text)),
          CheckpointError,
        );
        const { endTokens = [], ...numbers } = opened?.generation ?? {};
        for (const number of Object.values(numbers)) expect(number).toBeGreaterThanOrEqual(0);
        expect([...endTokens, ...Object.values(numbers)].every(Number.isFinite)).toBe(true);
      }),
      runs,
    );
    expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(20);
  });
});

describe("adapter_config.json", () => {
  it("lays the same matrices over the base as it says, or is refused", async () => {
    const { counts, attempt } = tally();
    await fc.assert(
      fc.asyncProperty(oddJson(files["adapter_config.json"]), async (text) => {
        const { folder, asked } = recordingFolder(withFile(adapter, "adapter_config.json", text));
        const opened = await attempt(() => openModel(folder, "latest", async () => saved), CheckpointError);
        expectInside(asked);
        if (!opened) return;
        const { r, lora_alpha } = JSON.parse(text);
        expect(r).toBe(2);
        const [layer] = targetedLayers(model.parameters, lora);
        const [w, merged] = [weights, opened.weights].map((all) => all.get(`${layer.name}.weight`)!.data);
        const [a, b] = [loraA, loraB].map((of) => matrices.get(of(layer.name))!.data);
        // Row 0, column 1 of W [in, out]: A [rank, in] at input 0, B [out, rank] at output 1.
        const change = a[0] * b[2] + a[layer.inputs] * b[3];
        expect(merged[1]).toBeCloseTo(w[1] + (lora_alpha / r) * change, 3);
      }),
      runs,
    );
    expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(20);
  });

  it.each([
    ["that names itself as its base", () => adapter],
    ["whose base is an adapter on it", () => withFile(adapter, "other", "")],
  ])("%s is refused, however often it is opened", async (_, base) => {
    await expect(openModel(adapter, "latest", async () => base())).rejects.toThrow(
      /own base[\s\S]*adapter:\/ stands on adapter/,
    );
  });

  it.each<[string, Map<string, NamedArray>, RegExp]>([
    ["of another rank than its configuration says", resized(3), /lora_A.* is \[3,4\].* r is 2/],
    ["with a weight that is no number", broken(Number.NaN), /not all finite[\s\S]*lora_A/],
    ["with a weight that is infinite", broken(Number.POSITIVE_INFINITY), /not all finite/],
    ["with a matrix twice", twice(), /lora_A\.weight is there twice/],
  ])("matrices %s are refused", async (_, matrices, message) => {
    const folder = memoryFolder();
    await saveAdapter(folder, { lora, base: "base", weights: resized(2) }, model);
    await writeSafetensors(folder, "adapter_model.safetensors", matrices);
    const opening = openModel(folder, "latest", async () => saved);
    await expect(opening).rejects.toThrow(CheckpointError);
    await expect(opening).rejects.toThrow(message);
  });
});

function resized(rank: number): Map<string, NamedArray> {
  return weightsOf(loraParameters(targetedLayers(model.parameters, lora), { ...lora, rank }));
}

function broken(value: number): Map<string, NamedArray> {
  const all = resized(2);
  all.values().next().value!.data[5] = value;
  return all;
}

function twice(): Map<string, NamedArray> {
  const all = resized(2);
  const [name, matrix] = [...all][0];
  return all.set(`base_model.model.${name}`, matrix);
}

describe("names of other files", () => {
  const tricky = fc.oneof(
    fc.constantFrom(
      "../model-1.safetensors",
      "/etc/passwd",
      "a/b.safetensors",
      "..\\x.safetensors",
      "..",
      ".",
    ),
    fc.constantFrom(
      "C:x.safetensors",
      "x\0.safetensors",
      ".safetensors",
      "__proto__",
      "",
      "model-1.safetensors",
    ),
    fc.string(),
    fc.string().map((text) => `${text}.safetensors`),
    fc.string().map((text) => `../${text}.safetensors`),
  );

  it("in an index lead to files beside it, or it is refused", async () => {
    const folder = memoryFolder();
    await folder.write("config.json", JSON.stringify(model.huggingFaceConfig()));
    const names = [...weights.keys()];
    const half = (wanted: number) => new Map([...weights].filter((_, i) => i % 2 === wanted));
    for (const shard of [0, 1]) await writeSafetensors(folder, `model-${shard}.safetensors`, half(shard));
    const map = Object.fromEntries(names.map((name, i) => [name, `model-${i % 2}.safetensors`]));
    const indexed = (weightMap: unknown) => JSON.stringify({ metadata: {}, weight_map: weightMap });
    const index = fc.oneof(
      fc.tuple(fc.nat(names.length - 1), tricky).map(([i, file]) => indexed({ ...map, [names[i]]: file })),
      oddJson(JSON.parse(indexed(map))),
    );
    const { counts, attempt } = tally();
    await fc.assert(
      fc.asyncProperty(index, async (text) => {
        await folder.write("model.safetensors.index.json", text);
        const { folder: recording, asked } = recordingFolder(folder);
        const opened = await attempt(() => loadModel(recording), CheckpointError);
        expectInside(asked);
        if (opened) expect(opened.weights).toEqual(weights);
      }),
      runs,
    );
    expect(Math.min(counts.opened, counts.refused)).toBeGreaterThan(20);
  });

  it("in checkpoints/latest lead to a checkpoint of the run, or are refused", async () => {
    const { attempt } = tally();
    await fc.assert(
      fc.asyncProperty(tricky, async (name) => {
        const run = memoryFolder();
        await run.write("checkpoints/latest", name);
        const { folder, asked } = recordingFolder(run);
        expect(await attempt(() => openModel(folder))).toBeUndefined();
        for (const path of asked.paths) expect(path).not.toMatch(/^\/|[\\:]|(^|\/)\.\.(\/|$)/);
      }),
      runs,
    );
  });
});
