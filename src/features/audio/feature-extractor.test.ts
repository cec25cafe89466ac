import { describe, expect, it } from "vitest";
import { fillUniform, randomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import {
  checkPreprocessorConfig,
  preprocessorConfig,
  speechFeatures,
  stackFrames,
} from "./feature-extractor.js";
import { kaldiMel } from "./mel-settings.js";
import { logMel } from "./mel-spectrogram.js";

function noise(samples: number): Float32Array {
  const values = new Float32Array(samples);
  fillUniform(values, randomStream(1, "noise"), -0.5, 0.5);
  return values;
}

describe("features of speech", () => {
  it("are two frames of Kaldi's side by side", () => {
    const sound = noise(16000);
    const found = speechFeatures(sound);
    expect(found).toMatchObject({ frames: 49, bands: 160, valid: 49 });
    expect(found.data).toEqual(logMel(kaldiMel, sound).data);
  });

  it("end in a half row of zeros that is not valid, for an odd number of frames", () => {
    expect(stackFrames({ data: Float32Array.of(1, 2, 3, 4, 5, 6), frames: 3, bands: 2 })).toEqual({
      data: Float32Array.of(1, 2, 3, 4, 5, 6, 0, 0),
      frames: 2,
      bands: 4,
      valid: 1,
    });
    expect(speechFeatures(noise(400 + 6 * 160))).toMatchObject({ frames: 4, valid: 3 });
  });

  it("want two frames", () => {
    expect(speechFeatures(noise(560))).toMatchObject({ frames: 1, valid: 1 });
    expect(() => speechFeatures(noise(559))).toThrow(AudioFeatureError);
    expect(() => speechFeatures(noise(559))).toThrow("give at least 35 ms");
    expect(() => speechFeatures(noise(100))).toThrow("shorter than one window");
  });
});

describe("preprocessor_config.json", () => {
  it("is what Transformers reads, and taken back", () => {
    const config = preprocessorConfig();
    expect(config).toEqual({
      feature_extractor_type: "SeamlessM4TFeatureExtractor",
      feature_size: 80,
      num_mel_bins: 80,
      sampling_rate: 16000,
      stride: 2,
      padding_side: "right",
      padding_value: 0,
      processor_class: "Wav2Vec2BertProcessor",
      return_attention_mask: true,
    });
    checkPreprocessorConfig(JSON.parse(JSON.stringify(config)), "here");
    checkPreprocessorConfig(
      { feature_extractor_type: config.feature_extractor_type, padding_value: 1 },
      "here",
    );
  });

  it.each([
    ["feature_extractor_type", "Wav2Vec2FeatureExtractor"],
    ["feature_size", 1],
    ["num_mel_bins", 128],
    ["sampling_rate", 8000],
    ["stride", 4],
    ["stride", null],
  ])("is refused with %s %j", (name, value) => {
    const check = () => checkPreprocessorConfig({ ...preprocessorConfig(), [name]: value }, "model/x.json");
    expect(check).toThrow(AudioFeatureError);
    expect(check).toThrow(`model/x.json: ${name} is ${JSON.stringify(value)}, not `);
  });

  it.each([[{}], [null], [[]], ["text"]])("is refused as %j", (json) => {
    expect(() => checkPreprocessorConfig(json, "x")).toThrow("x: feature_extractor_type is missing");
  });
});
