/** `export` writes what other programs read, and writes it whole or not at all. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { loadAdapter, saveAdapter } from "../../src/interop/adapter.js";
import { loadModel, saveModel } from "../../src/interop/model-folder.js";
import type { NamedArray } from "../../src/interop/safetensors.js";
import { llama } from "../../src/models/llama.js";
import { readGguf } from "../read-gguf.js";
import { autodidact, contents, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const [run, tuned] = [join(place, "notes"), join(place, "tuned")];
const checkpoint = (step: number) => join(run, `checkpoints/step-00000${step}`);

const sizes = { vocabSize: 257, contextLength: 16, numLayers: 1, numHeads: 2, width: 32, hiddenWidth: 32 };
const model = llama({ ...sizes, qkNorm: true });
const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const random = (shape: readonly number[], name: string): NamedArray => {
  const stream = randomStream(4, name);
  return {
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal()),
  };
};
const weightsOf = (seed: number) =>
  new Map(model.parameters.map(({ name, shape }) => [name, random(shape, `${seed} ${name}`)]));

/** A run whose latest checkpoint is 2 and whose best is 1; and one that has adapted it. */
beforeAll(async () => {
  for (const step of [1, 2]) {
    const generation = { maxTokens: 9, temperature: 0.5 };
    await saveModel(openFolder(checkpoint(step)), { model, weights: weightsOf(step), tokenizer, generation });
  }
  writeFileSync(join(run, "checkpoints/latest"), "step-000002\n");
  writeFileSync(join(run, "checkpoints/best"), "step-000001\n");
  const layer = "model.layers.0.self_attn.q_proj";
  const lora = { rank: 2, alpha: 4, targets: ["q_proj"] };
  const weights = new Map([
    [`${layer}.lora_A.weight`, random([2, 32], "A")],
    [`${layer}.lora_B.weight`, random([32, 2], "B")],
  ]);
  await saveAdapter(openFolder(tuned), { lora, base: run, weights }, model, tokenizer);
});

let count = 0;
async function exported(from: string, ...flags: string[]) {
  const out = join(place, `out-${count++}`);
  const { code, stdout, stderr } = await autodidact("export", from, "--out", out, ...flags);
  expect([code, stderr]).toEqual([0, ""]);
  return { out, stdout, files: contents(out) };
}

describe("safetensors", () => {
  it("are the checkpoint's own files, byte for byte, and again when exported from there", async () => {
    const first = await exported(run, "--format", "safetensors");
    expect(first.files).toEqual(contents(checkpoint(2)));
    expect((await exported(first.out, "--format", "safetensors")).files).toEqual(first.files);
  });

  it("are the best checkpoint's when asked", async () => {
    const { files } = await exported(run, "--format", "safetensors", "--checkpoint", "best");
    expect(files).toEqual(contents(checkpoint(1)));
    expect((await exported(run, "--format", "safetensors", "--checkpoint", "1")).files).toEqual(files);
  });

  it("of an adapter are its base with the adapter merged in", async () => {
    const { out } = await exported(tuned, "--format", "safetensors");
    const { weights } = await loadModel(openFolder(out));
    const changed = [...weights].filter(([name, { data }]) => {
      const before = weightsOf(2).get(name)!.data;
      return data.some((value, i) => value !== before[i]);
    });
    expect(changed.map(([name]) => name)).toEqual(["model.layers.0.self_attn.q_proj.weight"]);
  });
});

describe("gguf", () => {
  it.each([
    [[], "F32"],
    [["--precision", "float16"], "F16"],
    [["--precision", "q8_0"], "Q8_0"],
  ])("with %j is one file of %s, named for the run", async (flags, type) => {
    const { out, files } = await exported(run, "--format", "gguf", ...flags);
    expect([...files.keys()]).toEqual(["notes.gguf"]);
    const { metadata, tensors } = readGguf(readFileSync(join(out, "notes.gguf")));
    expect(metadata.get("general.name")).toBe("notes");
    expect(metadata.get("general.architecture")).toBe("qwen3");
    expect(tensors.get("blk.0.ffn_up.weight")?.type).toBe(type);
  });
});

describe("onnx", () => {
  it.each([
    [[], "model.onnx"],
    [["--precision", "int8"], "model_quantized.onnx"],
    [["--precision", "int4"], "model_q4.onnx"],
  ])("with %j is the model folder and onnx/%s", async (flags, file) => {
    const { out } = await exported(run, "--format", "onnx", ...flags);
    expect(readdirSync(join(out, "onnx"))).toEqual([file]);
    expect((await loadModel(openFolder(out))).weights).toEqual(weightsOf(2));
  });
});

describe("adapter", () => {
  it("is the adapter alone, with its tokenizer", async () => {
    const { out, files } = await exported(tuned, "--format", "adapter");
    expect(files).toEqual(contents(tuned));
    expect((await loadAdapter(openFolder(out))).base).toBe(run);
  });
});

describe("what it says", () => {
  it("is each file with its size, or JSON", async () => {
    const flags = ["--format", "gguf"];
    const shown = await exported(run, ...flags);
    expect(shown.stdout.replace(join(shown.out, "notes.gguf"), "file")).toMatch(/^file {2}\d+\.\d kB\n$/);
    const { out, stdout } = await exported(run, ...flags, "--json");
    const bytes = readFileSync(join(out, "notes.gguf")).length;
    expect(JSON.parse(stdout)).toEqual({ format: "gguf", out, files: [{ name: "notes.gguf", bytes }] });
  });
});

describe("a refusal leaves everything as it was", () => {
  const out = join(place, "new/deep/out");
  const refused = (message: RegExp, from: string, ...flags: string[]) =>
    refuse(place, message, ["export", from, "--out", out, ...flags]);

  it.each([
    ["safetensors", "int8", "float32"],
    ["onnx", "q8_0", "float32, int8, int4"],
    ["gguf", "int4", "float32, float16, q8_0"],
    ["gguf", "constructor", "float32, float16, q8_0"],
  ])("%s has no %s", (format, precision, choices) =>
    refused(
      new RegExp(`--precision ${precision} for ${format}\n.*one of ${choices}\n`),
      run,
      "--format",
      format,
      "--precision",
      precision,
    ),
  );

  it("a folder that is in use, and a file", async () => {
    const flags = ["--format", "safetensors"];
    await refuse(place, /not empty[\s\S]*checkpoints/, ["export", run, "--out", run, ...flags]);
    const file = join(run, "checkpoints/latest");
    await refuse(place, /cannot be made/, ["export", run, "--out", file, ...flags]);
  });

  it("no model, and no adapter", async () => {
    await refused(/neither a model nor a run/, place, "--format", "safetensors");
    await refused(/not an adapter/, run, "--format", "adapter");
  });

  it("weights that fail while a file is written, into a new folder and an empty one", async () => {
    const huge = weightsOf(2);
    huge.get("model.layers.0.mlp.down_proj.weight")!.data[5] = 1e30;
    const from = join(place, "huge");
    await saveModel(openFolder(from), { model, weights: huge, tokenizer });
    const flags = ["--format", "gguf", "--precision", "float16"];
    await refused(/too large for float16[\s\S]*ffn_down/, from, ...flags);
    const empty = join(place, "empty");
    mkdirSync(empty);
    await refuse(place, /too large for float16/, ["export", from, "--out", empty, ...flags]);
  });

  it("a flag that is missing or unknown", async () => {
    for (const [flags, message] of [
      [["--format", "gguf"], /--out/],
      [["--out", out], /--format/],
      [["--out", out, "--format", "pickle"], /safetensors, onnx, gguf, adapter/],
    ] as const) {
      const { code, stderr } = await autodidact("export", run, ...flags);
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    }
  });
});
