import { describe, expect, it } from "vitest";
import { randomWeights } from "../../../test/random-weights.js";
import { type ReadGguf, readGguf } from "../../../test/read-gguf.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { memoryFolder } from "../../files/memory.js";
import type { Decoder } from "../../models/decoder.js";
import { gemma3 } from "../../models/gemma3.js";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import { CheckpointError } from "../errors.js";
import { GgufError } from "./errors.js";
import { exportGguf } from "./export.js";
import type { GgufType } from "./tensor-types.js";

/** How weights are drawn. */
const drawn = { seed: 5, deviation: 1 };
const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const sizes = { vocabSize: 260, contextLength: 16, numLayers: 2, numHeads: 4, width: 32 };
const family = { ...sizes, kvHeads: 2, hiddenWidth: 48, ropeTheta: 500, rmsNormEpsilon: 1e-5 };
const models = {
  gpt2: gpt2({ ...sizes, layerNormEpsilon: 1e-6 }),
  llama: llama(family),
  qwen3: llama({ ...family, headWidth: 24, qkNorm: true, tiedHead: true }),
};

const gemma = { ...sizes, kvHeads: 2, hiddenWidth: 48, slidingWindow: 4 };
const slower = {
  kind: "llama3",
  factor: 8,
  lowFrequency: 1,
  highFrequency: 4,
  originalContextLength: 16,
} as const;

async function exported(
  model: Decoder,
  type: GgufType,
  weights = randomWeights(model, drawn),
): Promise<ReadGguf> {
  const folder = memoryFolder();
  await exportGguf(folder, "tiny", { model, weights, tokenizer }, { type });
  return readGguf(await folder.read("tiny.gguf"));
}

/** From our row of a matrix [outputs, inputs] to the one that stands in its place, in heads of `d` rows. */
const interleaved = (d: number) => (row: number) =>
  row - (row % d) + (row % 2) * (d / 2) + Math.floor((row % d) / 2);
const asItIs = (row: number) => row;

interface Expected {
  /** Our name, ggml's dimensions, and where element (row, column) of theirs lies in ours. */
  readonly ours: string;
  readonly dims: number[];
  at(row: number, column: number): number;
}

const plain = (ours: string, dims: number[], order = asItIs): Expected => ({
  ours,
  dims,
  at: (row, column) => order(row) * dims[0] + column,
});
const turned = (ours: string, dims: number[]): Expected => ({
  ours,
  dims,
  at: (row, column) => column * dims[1] + row,
});

function gpt2Layer(layer: number): [string, Expected][] {
  const h = `transformer.h.${layer}`;
  const vectors: [string, string, number][] = [
    ["attn_norm.weight", "ln_1.weight", 32],
    ["attn_norm.bias", "ln_1.bias", 32],
    ["attn_qkv.bias", "attn.c_attn.bias", 96],
    ["attn_output.bias", "attn.c_proj.bias", 32],
    ["ffn_norm.weight", "ln_2.weight", 32],
    ["ffn_norm.bias", "ln_2.bias", 32],
    ["ffn_up.bias", "mlp.c_fc.bias", 128],
    ["ffn_down.bias", "mlp.c_proj.bias", 32],
  ];
  const matrices: [string, string, number[]][] = [
    ["attn_qkv.weight", "attn.c_attn.weight", [32, 96]],
    ["attn_output.weight", "attn.c_proj.weight", [32, 32]],
    ["ffn_up.weight", "mlp.c_fc.weight", [32, 128]],
    ["ffn_down.weight", "mlp.c_proj.weight", [128, 32]],
  ];
  return [
    ...vectors.map(([n, ours, size]): [string, Expected] => [n, plain(`${h}.${ours}`, [size])]),
    ...matrices.map(([n, ours, dims]): [string, Expected] => [n, turned(`${h}.${ours}`, dims)]),
  ].map(([n, expected]) => [`blk.${layer}.${n}`, expected]);
}

function llamaLayer(layer: number, d: number, isQwen: boolean): [string, Expected][] {
  const block = `model.layers.${layer}`;
  const order = isQwen ? asItIs : interleaved(d);
  const own: [string, Expected][] = [
    ["attn_q_norm.weight", plain(`${block}.self_attn.q_norm.weight`, [d])],
    ["attn_k_norm.weight", plain(`${block}.self_attn.k_norm.weight`, [d])],
  ];
  const all: [string, Expected][] = [
    ["attn_norm.weight", plain(`${block}.input_layernorm.weight`, [32])],
    ["attn_q.weight", plain(`${block}.self_attn.q_proj.weight`, [32, 4 * d], order)],
    ["attn_k.weight", plain(`${block}.self_attn.k_proj.weight`, [32, 2 * d], order)],
    ["attn_v.weight", plain(`${block}.self_attn.v_proj.weight`, [32, 2 * d])],
    ["attn_output.weight", plain(`${block}.self_attn.o_proj.weight`, [4 * d, 32])],
    ...(isQwen ? own : []),
    ["ffn_norm.weight", plain(`${block}.post_attention_layernorm.weight`, [32])],
    ["ffn_gate.weight", plain(`${block}.mlp.gate_proj.weight`, [32, 48])],
    ["ffn_up.weight", plain(`${block}.mlp.up_proj.weight`, [32, 48])],
    ["ffn_down.weight", plain(`${block}.mlp.down_proj.weight`, [48, 32])],
  ];
  return all.map(([n, expected]) => [`blk.${layer}.${n}`, expected]);
}

const llamaEnds: [string, Expected][] = [
  ["token_embd.weight", plain("model.embed_tokens.weight", [32, 260])],
  ["output_norm.weight", plain("model.norm.weight", [32])],
];
const expectedTensors: Record<string, Map<string, Expected>> = {
  gpt2: new Map([
    ["token_embd.weight", plain("transformer.wte.weight", [32, 260])],
    ["position_embd.weight", plain("transformer.wpe.weight", [32, 16])],
    ...[0, 1].flatMap(gpt2Layer),
    ["output_norm.weight", plain("transformer.ln_f.weight", [32])],
    ["output_norm.bias", plain("transformer.ln_f.bias", [32])],
  ]),
  llama: new Map([
    ...llamaEnds,
    ...[0, 1].flatMap((layer) => llamaLayer(layer, 8, false)),
    ["output.weight", plain("lm_head.weight", [32, 260])],
  ]),
  qwen3: new Map([...llamaEnds, ...[0, 1].flatMap((layer) => llamaLayer(layer, 24, true))]),
};

/** Most that a value may be off, by the type: half a unit of float16; half a step, and a scale in float16. */
const rounding: Record<GgufType, (value: number, blockMaximum: number) => number> = {
  F32: () => 0,
  F16: (value) => Math.abs(value) * 2 ** -11 + 2 ** -25,
  Q8_0: (_, maximum) => (maximum / 127) * (0.5 + 127 * 2 ** -11) + 127 * 2 ** -25,
};

describe.each(Object.entries(models))("%s as GGUF", (kind, model) => {
  const weights = randomWeights(model, drawn);
  const expected = expectedTensors[kind];

  it.each(["F32", "F16", "Q8_0"] as const)("%s has the tensors in llama.cpp's layout", async (type) => {
    const { tensors } = await exported(model, type);
    expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, { ours, dims, at }] of expected) {
      const tensor = tensors.get(name)!;
      const { data } = weights.get(ours)!;
      expect(tensor.dims, name).toEqual(dims);
      const isSmall = dims.length === 1 || name === "position_embd.weight";
      expect(tensor.type, name).toBe(isSmall ? "F32" : type === "Q8_0" && dims[0] % 32 > 0 ? "F16" : type);
      const wanted = tensor.values.map((_, i) => data[at(Math.floor(i / dims[0]), i % dims[0])]);
      const worst = tensor.values.findIndex((value, i) => {
        const block = wanted.subarray(i - (i % 32), i - (i % 32) + 32);
        const maximum = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        return Math.abs(value - wanted[i]) > rounding[tensor.type](wanted[i], maximum);
      });
      expect(worst, name).toBe(-1);
    }
  });

  it("has every tensor at a multiple of 32 bytes, one after another, and nothing after the last", async () => {
    const folder = memoryFolder();
    await exportGguf(folder, "tiny", { model, weights, tokenizer }, { type: "Q8_0" });
    const file = await folder.read("tiny.gguf");
    const { version, tensors, dataStart } = readGguf(file);
    let end = 0;
    for (const { offset, byteLength } of tensors.values()) {
      expect(offset).toBe(end);
      end = Math.ceil((offset + byteLength) / 32) * 32;
    }
    expect([version, dataStart % 32, file.length]).toEqual([3, 0, dataStart + end]);
  });
});

describe("the metadata", () => {
  const common = {
    "general.type": "model",
    "general.name": "tiny",
    "general.quantization_version": 2,
    "tokenizer.ggml.model": "gpt2",
  };
  const sized = (architecture: string, headWidth: number, more: object) => ({
    ...common,
    "general.architecture": architecture,
    ...Object.fromEntries(
      Object.entries({
        vocab_size: 260,
        context_length: 16,
        embedding_length: 32,
        block_count: 2,
        "attention.head_count": 4,
        "attention.key_length": headWidth,
        "attention.value_length": headWidth,
        ...more,
      }).map(([key, value]) => [`${architecture}.${key}`, value]),
    ),
  });
  const rotary = {
    feed_forward_length: 48,
    "attention.head_count_kv": 2,
    "attention.layer_norm_rms_epsilon": Math.fround(1e-5),
    "rope.freq_base": 500,
  };

  it("says what each architecture needs", async () => {
    const found = async (model: Decoder) => Object.fromEntries((await exported(model, "F32")).metadata);
    expect(await found(models.gpt2)).toMatchObject(
      sized("gpt2", 8, {
        feed_forward_length: 128,
        "attention.head_count_kv": 4,
        "attention.layer_norm_epsilon": Math.fround(1e-6),
      }),
    );
    expect(await found(models.llama)).toMatchObject(
      sized("llama", 8, { ...rotary, "rope.dimension_count": 8 }),
    );
    expect(await found(models.qwen3)).toMatchObject(
      sized("qwen3", 24, { ...rotary, "rope.dimension_count": 24 }),
    );
  });

  it.each([
    ["F32", 0],
    ["F16", 1],
    ["Q8_0", 7],
  ] as const)("numbers %s as %i", async (type, number) => {
    expect((await exported(models.gpt2, type)).metadata.get("general.file_type")).toBe(number);
  });
});

describe("what cannot be exported", () => {
  const model = models.gpt2;
  const attempt = async (change: object, type: GgufType = "F32") => {
    const folder = memoryFolder();
    const saved = { model, weights: randomWeights(model, drawn), tokenizer, ...change };
    await exportGguf(folder, "tiny", saved, { type }).finally(async () => {
      expect(await folder.list("")).toEqual([]);
    });
  };

  it.each(["F16", "Q8_0"] as const)("a weight too large for float16, as %s", async (type) => {
    const weights = randomWeights(model, drawn);
    weights.get("transformer.h.1.mlp.c_fc.weight")!.data[7] = 1e9;
    await expect(attempt({ weights }, type)).rejects.toThrow(GgufError);
    await expect(attempt({ weights }, type)).rejects.toThrow(/blk\.1\.ffn_up\.weight/);
  });

  it("a missing or mis-shaped parameter", async () => {
    const weights = randomWeights(model, drawn);
    weights.set("transformer.ln_f.bias", { shape: [3], data: new Float32Array(3) });
    await expect(attempt({ weights })).rejects.toThrow(/transformer\.ln_f\.bias is \[3\].*\[32\]/);
    weights.delete("transformer.ln_f.bias");
    await expect(attempt({ weights })).rejects.toThrow(CheckpointError);
  });

  it("a model without a tokenizer", async () => {
    await expect(attempt({ tokenizer: undefined })).rejects.toThrow(/holds a tokenizer/);
  });

  it.each([
    [
      "positions of Llama 3 in a qwen2",
      llama({ ...family, qkvBias: true, ropeScaling: slower }),
      /rope_scaling/,
    ],
    [
      "wider heads in a qwen2",
      llama({ ...family, qkvBias: true, headWidth: 24 }),
      /head_dim is 24, of a qwen2 in llama.cpp 8/,
    ],
    ["other layers without positions", llama({ ...family, noRopeLayers: [0] }), /no_rope_layers.*\[0,1\]/],
    ["other layers that see everything", gemma3({ ...gemma, globalLayers: [1] }), /layer_types/],
    ["another local base", gemma3({ ...gemma, localRopeTheta: 500 }), /rope_local_base_freq is 500.*10000/],
    ["another scale of the scores", gemma3({ ...gemma, queryScalar: 9 }), /query_pre_attn_scalar is 9.* 8$/m],
    ["a head of its own", gemma3({ ...gemma, tiedHead: false }), /tie_word_embeddings is false/],
  ])("a model with %s", async (_, other, message) => {
    await expect(attempt({ model: other, weights: randomWeights(other, drawn) })).rejects.toThrow(message);
  });

  it("a decoder of another kind, and a parameter that llama.cpp does not know", async () => {
    const other = { ...model, huggingFaceConfig: () => ({ model_type: "mamba" }) };
    await expect(attempt({ model: other })).rejects.toThrow(/"mamba"/);
    const parameters = [{ ...model.parameters[2], name: "transformer.h.0.attn.gate.weight" }];
    await expect(attempt({ model: { ...model, parameters } })).rejects.toThrow(/h\.0\.attn\.gate\.weight/);
  });
});

it("leaves a name out of the metadata that llama.cpp would change the tokenizer for", async () => {
  const folder = memoryFolder();
  const saved = { model: models.gpt2, weights: randomWeights(models.gpt2, drawn), tokenizer };
  await exportGguf(folder, "my-phi3", saved, { type: "F32" });
  expect(readGguf(await folder.read("my-phi3.gguf")).metadata.has("general.name")).toBe(false);
});
