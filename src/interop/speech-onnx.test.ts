import { fromBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { ModelProtoSchema, type ValueInfoProto } from "../core/onnx/onnx_pb.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { hostTensor, int64Tensor } from "../core/runtime/session.js";
import { speechFeatures } from "../features/audio/feature-extractor.js";
import { ctcVocabulary } from "../features/tokenizer/ctc-vocabulary.js";
import { memoryFolder } from "../files/memory.js";
import { compileRecogniser } from "../generation/speech/recogniser-session.js";
import { conformer } from "../models/conformer.js";
import { speechRecogniser } from "../models/speech-recogniser.js";
import { CheckpointError } from "./errors.js";
import { exportSpeechOnnx } from "./speech-onnx.js";

const vocabulary = ctcVocabulary(["abcd"]);
const vocabSize = vocabulary.tokens.length;
const encoder = conformer({
  ...{ featureWidth: 160, width: 16, numLayers: 2, numHeads: 2, hiddenWidth: 24, kernelSize: 5 },
});
const model = speechRecogniser(encoder, vocabSize);
/** Large enough that every part of the model shows in the logits. */
const weights = new Map(
  model.parameters.map(({ name, shape }) => {
    const stream = randomStream(5, name);
    const length = shape.reduce((a, b) => a * b, 1);
    const centre = /norm.*weight/.test(name) ? 1 : 0;
    return [name, { shape, data: Float32Array.from({ length }, () => centre + 0.4 * stream.normal()) }];
  }),
);
const saved = { weights, vocabulary, generation: {} };
const options = { threads: 1, spin: false };

/** Noise of 16 kHz. */
function noise(seconds: number): Float32Array {
  const stream = randomStream(7, "noise");
  return Float32Array.from({ length: Math.round(seconds * 16_000) }, () => 0.1 * stream.normal());
}

describe("an exported recogniser", () => {
  const folder = memoryFolder();
  beforeAll(() => exportSpeechOnnx(folder, { kind: "recogniser", model, ...saved }));

  it("gives a long and a padded short recording the logits of our session, and says blank for padding", async () => {
    const session = await compileRecogniser(nodeRuntime, model, weights, options);
    const exported = await nodeRuntime.load(
      new Uint8Array(await folder.read("onnx/model.onnx")),
      ["logits"],
      options,
    );
    const sounds = [noise(1.3), noise(0.47)];
    const [long, short] = sounds.map((samples) => speechFeatures(samples));
    expect([long.frames, long.valid, short.frames, short.valid]).toEqual([64, 64, 23, 22]);
    const features = new Float32Array(2 * long.data.length);
    features.set(long.data);
    features.set(short.data, long.data.length);
    const mask = Int32Array.from({ length: 2 * 64 }, (_, i) => (i < 64 + short.valid ? 1 : 0));
    const { logits } = await exported.run({
      input_features: hostTensor("float32", [2, 64, 160], features),
      attention_mask: int64Tensor(mask, [2, 64]),
    });
    expect(logits.shape).toEqual([2, 64, vocabSize]);
    const theirs = logits.data as Float32Array;
    for (const [row, samples] of sounds.entries()) {
      const { value: heard } = await session.hear([samples]).next();
      const { data, frames } = heard!;
      const start = row * 64 * vocabSize;
      expect(Math.max(...data.map(Math.abs))).toBeGreaterThan(1);
      // The same sums of float32 in another order.
      for (let i = 0; i < frames * vocabSize; i++) expect(theirs[start + i]).toBeCloseTo(data[i], 4);
    }
    for (let frame = 64 + short.valid; frame < 2 * 64; frame++) {
      const [blank, ...others] = theirs.slice(frame * vocabSize, (frame + 1) * vocabSize);
      expect(blank).toBeGreaterThan(Math.max(...others) + 100);
    }
  });

  it("names inputs, outputs and their free sizes, and the form that the client loads", async () => {
    const { graph } = fromBinary(ModelProtoSchema, await folder.read("onnx/model.onnx"));
    const free = ["batch_size", "sequence_length"];
    expect(signature(graph!.input)).toEqual([
      ["input_features", [...free, 160]],
      ["attention_mask", free],
    ]);
    expect(signature(graph!.output)).toEqual([["logits", [...free, vocabSize]]]);
    const config = JSON.parse(new TextDecoder().decode(await folder.read("config.json")));
    expect(config).toMatchObject({
      model_type: "wav2vec2-bert",
      "transformers.js_config": { dtype: "fp32" },
    });
    expect((await folder.list("")).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "onnx",
      "preprocessor_config.json",
      "special_tokens_map.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "vocab.json",
    ]);
  });

  it("is refused without a parameter", async () => {
    const fewer = new Map([...weights].filter(([name]) => name !== "lm_head.bias"));
    const written = exportSpeechOnnx(memoryFolder(), {
      kind: "recogniser",
      model,
      ...saved,
      weights: fewer,
    });
    await expect(written).rejects.toThrow(CheckpointError);
  });
});

it("in int8 keeps every matrix in 8 bits beside the exact graph, and says nearly the same", async () => {
  const folder = memoryFolder();
  const exact = { kind: "recogniser", model, ...saved } as const;
  await exportSpeechOnnx(folder, exact);
  await exportSpeechOnnx(folder, exact, { weights: "int8" });
  expect((await folder.list("onnx")).sort()).toEqual(["model.onnx", "model_quantized.onnx"]);
  const config = JSON.parse(new TextDecoder().decode(await folder.read("config.json")));
  expect(config["transformers.js_config"]).toEqual({ dtype: "q8" });
  const bytes = await folder.read("onnx/model_quantized.onnx");
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const types = graph!.node.map(({ opType }) => opType);
  // Of each of two layers 3 of attention, where queries and keys are of the same rows, 4 of feed-forwards and 2 of the
  // convolution; projection and head.
  expect(types.filter((type) => type === "MatMulNBits").length).toBe(20);
  expect(types).not.toContain("Gemm");
  const { data, valid } = speechFeatures(noise(1.3));
  const feeds = {
    input_features: hostTensor("float32", [1, valid, 160], data.subarray(0, valid * 160)),
    attention_mask: int64Tensor(new Int32Array(valid).fill(1), [1, valid]),
  };
  const [ours, theirs] = await Promise.all(
    ["model.onnx", "model_quantized.onnx"].map(async (file) => {
      const model = new Uint8Array(await folder.read(`onnx/${file}`));
      const session = await nodeRuntime.load(model, ["logits"], options);
      return (await session.run(feeds)).logits.data as Float32Array;
    }),
  );
  const difference = ours.map((value, i) => value - theirs[i]);
  const size = (values: Float32Array) => Math.hypot(...values);
  // 22 products whose matrices err by 2^-9 of their largest of 32 numbers, some 0.5 % each.
  expect(size(difference) / size(ours)).toBeLessThan(0.05);
  expect(size(difference)).toBeGreaterThan(0);
});

it("an exported encoder gives vectors", async () => {
  const folder = memoryFolder();
  await exportSpeechOnnx(folder, { kind: "encoder", model: encoder, weights, generation: {} });
  const { graph } = fromBinary(ModelProtoSchema, await folder.read("onnx/model.onnx"));
  expect(signature(graph!.output)).toEqual([
    ["last_hidden_state", ["batch_size", "sequence_length", encoder.width]],
  ]);
});

function signature(values: readonly ValueInfoProto[]): [string, unknown[]][] {
  return values.map(({ name, type }) => {
    const { dim } = type!.value.value!.shape!;
    return [name, dim.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : value.value))];
  });
}
