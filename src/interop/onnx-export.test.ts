import { fromBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { randomWeights } from "../../test/random-weights.js";
import { ModelProtoSchema, type ValueInfoProto } from "../core/onnx/onnx_pb.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { type HostTensor, hostTensor, int64Tensor, type Session } from "../core/runtime/session.js";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { compileDecoder } from "../generation/decoder-session.js";
import type { Decoder } from "../models/decoder.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { CheckpointError } from "./errors.js";
import { loadModel, saveModel } from "./model-folder.js";
import { exportInFiles, exportOnnx } from "./onnx-export.js";

const sizes = { vocabSize: 260, contextLength: 24, numLayers: 2, numHeads: 4, width: 32 };
const models: [string, Decoder][] = [
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, hiddenWidth: 48 })],
  ["qwen3", llama({ ...sizes, kvHeads: 2, hiddenWidth: 48, headWidth: 6, qkNorm: true, tiedHead: true })],
  ["qwen2", llama({ ...sizes, kvHeads: 2, hiddenWidth: 48, qkvBias: true })],
  ["smollm3", llama({ ...sizes, kvHeads: 2, hiddenWidth: 48, noRopeLayers: [1], tiedHead: true })],
  ["gemma3", gemma3({ ...sizes, kvHeads: 2, hiddenWidth: 48, slidingWindow: 3, globalLayers: [1] })],
];
const options = { threads: 1, spin: false };

type Cache = Record<string, HostTensor>;

/** The exported graph, fed as the client feeds it. */
class Exported {
  constructor(
    private readonly model: Decoder,
    private readonly session: Session,
  ) {}

  static async load(folder: Folder, model: Decoder, file = "onnx/model.onnx"): Promise<Exported> {
    const bytes = new Uint8Array(await folder.read(file));
    const layers = Array.from({ length: model.numLayers }, (_, i) => [
      `present.${i}.key`,
      `present.${i}.value`,
    ]);
    return new Exported(model, await nodeRuntime.load(bytes, ["logits", ...layers.flat()], options));
  }

  emptyCache(rows: number): Cache {
    const { numLayers, kvHeads, headWidth } = this.model;
    const names = Array.from({ length: numLayers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
    return Object.fromEntries(
      names.map((name) => [name, hostTensor("float32", [rows, kvHeads, 0, headWidth])]),
    );
  }

  /** Logits of each row and new token, and the cache that has read them. `mask` spans past and new tokens. */
  async read(
    ids: number[][],
    cache = this.emptyCache(ids.length),
    mask = ids.map((row) => Array<number>(cache["0.key"].shape[2] + row.length).fill(1)),
  ): Promise<{ logits: Float32Array[][]; cache: Cache }> {
    const [rows, time] = [ids.length, ids[0].length];
    // As transformers.js counts positions: over the ones of the mask, and 1 where it has none.
    const positions = mask.map((row) => {
      let count = 0;
      return row.map((isText) => (isText ? count++ : 1)).slice(-time);
    });
    const tensor = (values: number[][]) =>
      int64Tensor(Int32Array.from(values.flat()), [rows, values[0].length]);
    const past = Object.entries(cache).map(([name, value]) => [`past_key_values.${name}`, value]);
    const { logits, ...present } = await this.session.run({
      input_ids: tensor(ids),
      attention_mask: tensor(mask),
      position_ids: tensor(positions),
      ...Object.fromEntries(past),
    });
    expect(logits.shape).toEqual([rows, time, this.model.vocabSize]);
    const at = (row: number, t: number) => {
      const start = (row * time + t) * this.model.vocabSize;
      return (logits.data as Float32Array).slice(start, start + this.model.vocabSize);
    };
    return {
      logits: ids.map((row, i) => row.map((_, t) => at(i, t))),
      cache: Object.fromEntries(Object.entries(present).map(([name, value]) => [name.slice(8), value])),
    };
  }
}

/** The largest difference over the largest size. */
function relativeError(a: Float32Array, b: Float32Array): number {
  const size = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / size;
}

/** The same sums of float32 in another order: rounding is 6e-8 a number and grows through the layers. */
const tolerance = 1e-5;
const text = [7, 200, 31, 31, 90, 4, 255, 8, 64, 12];

describe.each(models)("an exported %s", (_, model) => {
  const weights = randomWeights(model, { seed: 5, deviation: 0.4 });
  const folder = memoryFolder();
  let exported: Exported;
  let expected: Float32Array[];
  beforeAll(async () => {
    await exportOnnx(folder, { model, weights });
    exported = await Exported.load(folder, model);
    const session = await compileDecoder(nodeRuntime, model, weights, options);
    const cache = session.cache(1);
    expected = [];
    for (const id of text) expected.push(Float32Array.from(await session.step(cache, [id])));
  });

  it("predicts at every position what our decoder predicts, without a past", async () => {
    const { logits } = await exported.read([text]);
    for (const [t, row] of logits[0].entries())
      expect(relativeError(row, expected[t])).toBeLessThan(tolerance);
  });

  it("predicts the same from what it gave out as past, one token or several at a time", async () => {
    const first = await exported.read([text.slice(0, 4)]);
    const second = await exported.read([text.slice(4, 5)], first.cache);
    const third = await exported.read([text.slice(5)], second.cache);
    const logits = [first, second, third].flatMap((part) => part.logits[0]);
    for (const [t, row] of logits.entries()) expect(relativeError(row, expected[t])).toBeLessThan(tolerance);
    expect(third.cache["1.value"].shape).toEqual([1, model.kvHeads, text.length, model.headWidth]);
    const { cache } = await exported.read([text]);
    for (const [name, { data }] of Object.entries(third.cache)) {
      expect(relativeError(data as Float32Array, cache[name].data as Float32Array)).toBeLessThan(tolerance);
    }
  });

  it("reads texts of different lengths in one batch, padded on the left, as if each were alone", async () => {
    const short = [9, 150, 33];
    const padded = [0, 0, 0, ...short];
    const [long, mask] = [text.slice(0, 6), [1, 1, 1, 1, 1, 1]];
    const both = await exported.read([padded, long], undefined, [[0, 0, 0, 1, 1, 1], mask]);
    const next = await exported.read([[77], text.slice(6, 7)], both.cache, [
      [0, 0, 0, 1, 1, 1, 1],
      [...mask, 1],
    ]);
    const alone = (await exported.read([[...short, 77]])).logits[0];
    const shortRows = [...both.logits[0].slice(3), ...next.logits[0]];
    for (const [t, row] of shortRows.entries()) expect(relativeError(row, alone[t])).toBeLessThan(tolerance);
    const longRows = [...both.logits[1], ...next.logits[1]];
    for (const [t, row] of longRows.entries())
      expect(relativeError(row, expected[t])).toBeLessThan(tolerance);
  });

  it.each([
    ["int8", "model_quantized.onnx", 0.001],
    ["int4", "model_q4.onnx", 0.01],
  ] as const)(
    "in %s is %s and predicts what our decoder in that form predicts",
    async (form, file, least) => {
      const quantised = memoryFolder();
      await exportOnnx(quantised, { model, weights }, { weights: form });
      expect(await quantised.list("onnx")).toEqual([file]);
      const reader = await Exported.load(quantised, model, `onnx/${file}`);
      const session = await compileDecoder(nodeRuntime, model, weights, { ...options, weights: form });
      const cache = session.cache(1);
      let read: Awaited<ReturnType<typeof reader.read>> | undefined;
      // One row at a time on both sides: with AVX-512 VNNI, int4 products round several rows otherwise than one.
      for (const id of text) {
        read = await reader.read([[id]], read?.cache);
        const step = Float32Array.from(await session.step(cache, [id]));
        expect(relativeError(read.logits[0][0], step)).toBeLessThan(tolerance);
      }
      expect(relativeError(read!.logits[0][0], expected[9])).toBeGreaterThan(least); // it did round
    },
  );
});

describe("the exported folder", () => {
  const [, model] = models[2];
  const saved = {
    model,
    weights: randomWeights(model, { seed: 5, deviation: 0.4 }),
    tokenizer: byteTokenizer(),
  };

  it("names inputs, outputs and their free sizes as transformers.js expects", async () => {
    const folder = memoryFolder();
    await exportOnnx(folder, saved);
    const { graph } = fromBinary(ModelProtoSchema, await folder.read("onnx/model.onnx"));
    const total = "past_sequence_length + sequence_length";
    const cache = (prefix: string, time: string) =>
      ["0.key", "0.value", "1.key", "1.value"].map((name) => [
        `${prefix}.${name}`,
        ["batch_size", 2, time, 6],
      ]);
    expect(signature(graph!.input)).toEqual([
      ["input_ids", ["batch_size", "sequence_length"]],
      ["attention_mask", ["batch_size", total]],
      ["position_ids", ["batch_size", "sequence_length"]],
      ...cache("past_key_values", "past_sequence_length"),
    ]);
    expect(signature(graph!.output)).toEqual([
      ["logits", ["batch_size", "sequence_length", 260]],
      ...cache("present", total),
    ]);
  });

  it("holds every parameter once in the graph, the tied head too", async () => {
    const folder = memoryFolder();
    await exportOnnx(folder, saved);
    const { graph } = fromBinary(ModelProtoSchema, await folder.read("onnx/model.onnx"));
    const names = graph!.initializer.map(({ name }) => name).filter((name) => !name.startsWith("constant_"));
    expect(names.sort()).toEqual(model.parameters.map(({ name }) => name).sort());
    const largest = graph!.initializer.filter(({ rawData }) => rawData.length >= 260 * 32 * 4);
    expect(largest.map(({ name }) => name)).toEqual(["model.embed_tokens.weight"]);
  });

  it("is still the model's own folder", async () => {
    const [folder, plain] = [memoryFolder(), memoryFolder()];
    await exportOnnx(folder, saved, { weights: "int4" });
    await saveModel(plain, saved);
    const names = await plain.list("");
    expect(await folder.list("")).toEqual([...names, "onnx"].sort());
    for (const name of names.filter((name) => name !== "config.json")) {
      expect(await folder.read(name)).toEqual(await plain.read(name));
    }
    expect((await loadModel(folder)).weights).toEqual(saved.weights);
  });

  it("says which form loads by default and where its values are", async () => {
    const folder = memoryFolder();
    const settings = async () =>
      JSON.parse(new TextDecoder().decode(await folder.read("config.json")))["transformers.js_config"];
    await exportInFiles(folder, saved, "float32", 50_000);
    expect(await settings()).toEqual({ dtype: "fp32", use_external_data_format: { "model.onnx": 3 } });
    await exportOnnx(folder, saved, { weights: "int8" });
    expect(await settings()).toEqual({ dtype: "q8", use_external_data_format: { "model.onnx": 3 } });
    await exportOnnx(folder, saved);
    expect(await settings()).toEqual({ dtype: "fp32" });
    expect(await folder.list("onnx")).toEqual(["model.onnx", "model_quantized.onnx"]);
  });

  it("is not written without all parameters", async () => {
    const weights = new Map([...saved.weights].slice(1));
    const folder = memoryFolder();
    await expect(exportOnnx(folder, { model, weights })).rejects.toThrow(CheckpointError);
    expect(await folder.list("")).toEqual([]);
  });
});

/** Names and axes: a number, or the name of a size that each run chooses. */
function signature(values: readonly ValueInfoProto[]): [string, unknown[]][] {
  return values.map(({ name, type }) => {
    const { dim } = type!.value.value!.shape!;
    return [name, dim.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : value.value))];
  });
}
