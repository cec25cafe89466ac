import { describe, expect, it } from "vitest";
import { ctcVocabulary } from "../features/tokenizer/ctc-vocabulary.js";
import { memoryFolder } from "../files/memory.js";
import { conformer } from "../models/conformer.js";
import type { SpeechModel } from "../models/speech-encoder.js";
import { speechRecogniser } from "../models/speech-recogniser.js";
import { CheckpointError } from "./errors.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { speechModelFromConfig } from "./speech-config.js";
import { openSpeechModel, saveSpeechModel } from "./speech-folder.js";

const encoder = conformer({
  ...{ featureWidth: 4, width: 8, numLayers: 2, numHeads: 2, hiddenWidth: 12, kernelSize: 5 },
  ...{ ropeTheta: 500, layerNormEpsilon: 1e-6 },
});
const vocabulary = ctcVocabulary(["ab a", "b"]);
const recogniser = speechRecogniser(encoder, vocabulary.tokens.length);
const notes = { vocabulary, language: "en", generation: { beams: 4 } };

/** Numbers that differ from parameter to parameter. */
const weightsOf = ({ parameters }: SpeechModel): Map<string, NamedArray> =>
  new Map(
    parameters.map(({ name, shape }, n) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return [name, { shape, data: data.map((_, i) => ((i + n) % 64) / 64) }];
    }),
  );

describe("a folder with a model of speech", () => {
  it("gives a recogniser back", async () => {
    const folder = memoryFolder();
    await saveSpeechModel(folder, recogniser, weightsOf(recogniser), notes);
    const { kind, model, weights, ...rest } = await openSpeechModel(folder);
    expect(kind).toBe("recogniser");
    expect(model.config()).toEqual(recogniser.config());
    expect(weights).toEqual(weightsOf(recogniser));
    expect(rest).toEqual(notes);
  });

  it("gives an encoder back, also from a checkpoint that leaves its prefix out", async () => {
    const folder = memoryFolder();
    await saveSpeechModel(folder, encoder, weightsOf(encoder), { generation: {} });
    const { kind, model, weights, vocabulary } = await openSpeechModel(folder);
    expect([kind, vocabulary]).toEqual(["encoder", undefined]);
    expect(model.config()).toEqual(encoder.config());
    const bare = [...weights].map(([name, array]) => [name.replace("wav2vec2_bert.", ""), array] as const);
    await writeSafetensors(folder, "model.safetensors", new Map(bare));
    expect((await openSpeechModel(folder)).weights).toEqual(weights);
  });

  it("is not written without a parameter", async () => {
    const saved = saveSpeechModel(memoryFolder(), recogniser, weightsOf(encoder), notes);
    await expect(saved).rejects.toThrow(/lm_head\.weight/);
  });

  it.each([
    ["vocab.json", { "[PAD]": 0, "[UNK]": 1, "|": 2 }, /3 tokens in .*vocab_size 5/],
    ["preprocessor_config.json", { feature_extractor_type: "WhisperFeatureExtractor" }, /Whisper/],
    ["config.json", { ...recogniser.config(), generation: 5 }, /generation 5/],
  ])("is refused with another %s", async (file, content, message) => {
    const folder = memoryFolder();
    await saveSpeechModel(folder, recogniser, weightsOf(recogniser), notes);
    await folder.write(file, JSON.stringify(content));
    await expect(openSpeechModel(folder)).rejects.toThrow(message);
  });
});

describe("a config of speech", () => {
  it.each([
    ["position_embeddings_type", "relative_key"],
    ["position_embeddings_type", undefined],
    ["add_adapter", true],
    ["use_intermediate_ffn_before_adapter", true],
    ["hidden_act", "gelu"],
    ["conv_depthwise_kernel_size", 4],
    ["mask_time_prob", 0],
    ["hidden_size", 0],
    ["vocab_size", 1.5],
    ["pad_token_id", 2],
    ["model_type", "wav2vec2"],
  ])("with %s %j is refused by that name", (field, value) => {
    const open = () => speechModelFromConfig({ ...recogniser.config(), [field]: value }, "config.json");
    expect(open).toThrow(CheckpointError);
    expect(open).toThrow(field);
  });

  it("has Transformers' defaults where a field is missing", () => {
    const { hidden_size, num_hidden_layers, num_attention_heads, intermediate_size } = encoder.config();
    const sizes = { hidden_size, num_hidden_layers, num_attention_heads, intermediate_size };
    const config = { model_type: "wav2vec2-bert", position_embeddings_type: "rotary", ...sizes };
    const { model } = speechModelFromConfig(config, "config.json");
    expect(model.config()).toMatchObject({
      feature_projection_input_dim: 160,
      conv_depthwise_kernel_size: 31,
      rotary_embedding_base: 10_000,
      layer_norm_eps: 1e-5,
    });
  });
});
