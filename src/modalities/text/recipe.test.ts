import { describe, expect, it } from "vitest";
import { RecipeError } from "../../recipe/errors.js";
import { resolveRecipe } from "../find.js";
import { defineRecipe } from "../table.js";
import type { TextRecipeInput as RecipeInput, TextRecipe } from "./recipe.js";

const least: RecipeInput = defineRecipe({
  data: { files: "text.txt" },
  features: { kind: "byte" },
  model: { kind: "gpt2", contextLength: 16, numLayers: 1, numHeads: 2, width: 16 },
  objective: { kind: "nextToken" },
  optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
  training: { batchSize: 2, steps: 2, evaluateEvery: 1, checkpointEvery: 1 },
  generation: {},
});

const refusal = (change: object): string => {
  try {
    resolveRecipe<TextRecipe>({ ...least, ...change }, "a.ts");
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    return (error as RecipeError).message;
  }
  throw new Error("nothing was thrown");
};

describe("resolveRecipe", () => {
  it("fills in what is left out, and changes nothing that is complete", () => {
    const resolved = resolveRecipe<TextRecipe>(least, "a.ts");
    expect(resolved.data.validationFraction).toBe(0.1);
    expect(resolved.optimizer).toMatchObject({ betas: [0.9, 0.95], weightDecay: 0.1, clipNorm: 1 });
    expect(resolved.training).toMatchObject({ microBatches: 1, seed: 1, keepCheckpoints: 2, device: "cpu" });
    expect(resolveRecipe<TextRecipe>(JSON.parse(JSON.stringify(resolved)), "recipe.json")).toEqual(resolved);
  });

  it("names an unknown key and the nearest one there, at any depth", () => {
    expect(refusal({ optimiser: {} })).toMatch(
      /unknown key[\s\S]*optimiser in a\.ts[\s\S]*did you mean "optimizer"/,
    );
    const training = { ...least.training, stepps: 3 };
    expect(refusal({ training })).toMatch(/training\.stepps in a\.ts[\s\S]*did you mean "steps"/);
    const optimizer = { ...least.optimizer, schedule: { kind: "wsd", decaystep: 3 } };
    expect(refusal({ optimizer })).toMatch(/optimizer\.schedule\.decaystep[\s\S]*"decaySteps"/);
    // A key of another kind of model is none of this one's.
    expect(refusal({ model: { ...least.model, ropeTheta: 1 } })).toMatch(
      /model\.ropeTheta[\s\S]*keys here: kind/,
    );
  });

  it.each([
    ["training.batchSize", { training: { ...least.training, batchSize: "8" } }, /"8"[\s\S]*whole number/],
    ["training.steps", { training: { ...least.training, steps: 1.5 } }, /1\.5[\s\S]*whole number/],
    ["training.device", { training: { ...least.training, device: "gpu" } }, /"gpu"[\s\S]*cpu, webgpu/],
    ["optimizer.lr", { optimizer: { ...least.optimizer, lr: -1 } }, /-1/],
    ["optimizer.betas", { optimizer: { ...least.optimizer, betas: [0.9] } }, /\[0\.9\]/],
    ["data.files", { data: { files: 3 } }, /3/],
    ["model", { model: "gpt2" }, /"gpt2"[\s\S]*section/],
  ])("names a value of the wrong type: %s", (key, change, found) => {
    const message = refusal(change);
    expect(message).toContain(key);
    expect(message).toMatch(found);
  });

  it("names an unknown kind", () => {
    expect(refusal({ features: { kind: "bpee", vocabSize: 300 } })).toMatch(/features\.kind[\s\S]*bpe/);
  });

  it("names what is missing", () => {
    const { steps: _, ...training } = least.training;
    expect(refusal({ training })).toMatch(/lacks a value[\s\S]*training\.steps/);
    expect(refusal({ model: undefined })).toMatch(/lacks a value[\s\S]*model/);
  });

  it.each([null, undefined, 3, "recipe", []])("is no recipe: %j", (value) => {
    expect(() => resolveRecipe<TextRecipe>(value, "a.ts")).toThrow(RecipeError);
  });
});
