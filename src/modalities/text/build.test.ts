import { describe, expect, it } from "vitest";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { ModelError } from "../../models/shapes.js";
import { resolveRecipe } from "../find.js";
import { buildModel } from "./build.js";
import type { TextRecipe } from "./recipe.js";

const sizes = { contextLength: 16, numLayers: 3, numHeads: 2, width: 16 };

function built(model: object) {
  const recipe = {
    data: { files: "text.txt" },
    features: { kind: "byte" },
    model,
    objective: { kind: "nextToken" },
    optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
    training: { batchSize: 2, steps: 2, evaluateEvery: 1, checkpointEvery: 1 },
    generation: {},
  };
  const resolved = resolveRecipe<TextRecipe>(recipe as never, "a.ts").model;
  return buildModel(resolved as Exclude<typeof resolved, { kind: "pretrained" }>, byteTokenizer());
}

describe("the model of a recipe", () => {
  it.each<[string, object, object]>([
    ["gpt2", { kind: "gpt2", ...sizes }, { n_embd: 16 }],
    ["llama", { kind: "llama", ...sizes, hiddenWidth: 24 }, { rope_theta: 10_000 }],
    ["qwen3", { kind: "llama", ...sizes, hiddenWidth: 24, qkNorm: true }, {}],
    ["qwen2", { kind: "llama", ...sizes, hiddenWidth: 24, qkvBias: true }, {}],
    [
      "smollm3",
      { kind: "llama", ...sizes, hiddenWidth: 24, noRopeLayers: [2] },
      { no_rope_layers: [1, 1, 0] },
    ],
    [
      "gemma3_text",
      { kind: "gemma3", ...sizes, hiddenWidth: 24, slidingWindow: 5, globalLayers: [1] },
      { layer_types: ["sliding_attention", "full_attention", "sliding_attention"], rope_theta: 1_000_000 },
    ],
  ])("may be a %s", (modelType, model, fields) => {
    expect(built(model).huggingFaceConfig()).toMatchObject({
      ...{ model_type: modelType, vocab_size: 256 },
      ...fields,
    });
  });

  it.each([
    [{ qkNorm: true, qkvBias: true }, /qkNorm and qkvBias/],
    [{ noRopeLayers: [3] }, /layer 3 of 3/],
  ])("is none that nobody could open: %j", (change, message) => {
    const model = { kind: "llama", ...sizes, hiddenWidth: 24, ...change };
    expect(() => built(model)).toThrow(ModelError);
    expect(() => built(model)).toThrow(message);
  });
});
