import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder, wordyText } from "../../test/cli/command-line.js";
import { dyingFolder } from "../../test/dying-folder.js";
import { loggedLosses, stopAfter } from "../../test/tiny.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { openShards } from "../data/text/shards.js";
import { saveTokenizer } from "../features/tokenizer/load-tokenizer.js";
import { openFolder } from "../files/disk.js";
import { DataError } from "../files/errors.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { openModel } from "../interop/model-folder.js";
import { ResumeError } from "../training/checkpoint.js";
import { resolveRecipe } from "./find.js";
import { RunError, readRecipe, resumeRun, startRun } from "./run.js";
import type { TextRecipe as Recipe, TextRecipeInput as RecipeInput } from "./text/recipe.js";

const place = temporaryFolder();
const files = join(place, "texts");
mkdirSync(files);
for (const i of [0, 1, 2, 3, 4, 5, 6, 7]) writeFileSync(join(files, `${i}.txt`), `${i}\n${wordyText(30)}`);
const around = { runtime: nodeRuntime, openFolder };

const recipeOf = (change: Partial<RecipeInput> = {}): Recipe =>
  resolveRecipe<Recipe>(
    {
      data: { files },
      features: { kind: "byte" },
      model: { kind: "gpt2", contextLength: 16, numLayers: 1, numHeads: 2, width: 16 },
      objective: { kind: "nextToken" },
      optimizer: { kind: "adamw", lr: 1e-2, schedule: { kind: "constant" } },
      training: { batchSize: 2, steps: 6, evaluateEvery: 3, evaluationBatches: 2, checkpointEvery: 2 },
      generation: {},
      ...change,
    },
    "a test",
  );

const weightsOf = async (run: Folder, step = 6) =>
  run.read(`checkpoints/step-00000${step}/model.safetensors`);

/** A run that nothing ever stopped. */
const whole = memoryFolder();
beforeAll(async () => {
  await (await startRun(recipeOf(), whole, around)).train();
});

describe("startRun and resumeRun", () => {
  it("decides by a measurement what products are in, notes it and keeps it", async () => {
    const run = memoryFolder();
    const { training } = recipeOf();
    const { notes, recipe } = await startRun(
      recipeOf({ training: { ...training, products: "auto" } }),
      run,
      around,
    );
    const { products } = recipe.training;
    expect(["float32", "int8"]).toContain(products);
    expect(notes).toEqual([
      expect.stringMatching(new RegExp(`^products in ${products}: int8 is \\d+\\.\\d\\d times`)),
    ]);
    expect((await readRecipe<Recipe>(run)).training.products).toBe(products);
    const without = { ...around, runtime: { ...nodeRuntime, kernels: undefined } };
    const elsewhere = recipeOf({ training: { ...training, products: "auto" } });
    expect((await startRun(elsewhere, memoryFolder(), without)).recipe.training.products).toBe("float32");
  });

  it("a run can be repeated from its folder alone", async () => {
    const again = memoryFolder();
    await (await startRun(await readRecipe<Recipe>(whole), again, around)).train();
    expect(await weightsOf(again)).toEqual(await weightsOf(whole));
    expect((await whole.list("")).filter((name) => !name.startsWith("events."))).toEqual([
      "checkpoints",
      "data",
      "metrics.jsonl",
      "recipe.json",
    ]);
  });

  it("stopped and resumed, it ends in the same bits", async () => {
    const parted = memoryFolder();
    await (await startRun(recipeOf(), parted, around)).train(stopAfter(3));
    await (await resumeRun(parted, around)).train();
    expect(await weightsOf(parted)).toEqual(await weightsOf(whole));
    expect(await loggedLosses(parted)).toEqual(await loggedLosses(whole));
  });

  // recipe, tokenizer and its config, tokens and their index twice
  it.each([0, 1, 2, 3, 4, 5, 6])(
    "killed at write %d of its preparation, it starts or resumes",
    async (writes) => {
      const run = memoryFolder();
      await expect(startRun(recipeOf(), dyingFolder(run, writes), around)).rejects.toThrow("killed");
      if (writes === 0) {
        await expect(resumeRun(run, around)).rejects.toThrow(/no run to continue[\s\S]*start it again/);
        await (await startRun(recipeOf(), run, around)).train();
      } else {
        await expect(startRun(recipeOf(), run, around)).rejects.toThrow(/another run[\s\S]*--resume/);
        await (await resumeRun(run, around)).train();
      }
      expect(await weightsOf(run)).toEqual(await weightsOf(whole));
    },
  );

  it("writes nothing when anything is wrong", async () => {
    const wrong: Partial<RecipeInput>[] = [
      { data: { files: join(place, "none") } },
      { data: { files, validationFraction: 0 } },
      { data: { files, validationFraction: 1 } },
      { model: { kind: "gpt2", contextLength: 1_000_000, numLayers: 1, numHeads: 2, width: 16 } },
      { model: { kind: "gpt2", contextLength: 16, numLayers: 1, numHeads: 3, width: 16 } },
      { model: { kind: "gpt2", contextLength: 16, numLayers: 1, numHeads: 2, width: 16, vocabSize: 100 } },
      { features: { kind: "pretrained", folder: place } },
      { optimizer: { kind: "sgd", lr: 1, schedule: { kind: "wsd", decaySteps: 7 } } },
    ];
    for (const change of wrong) {
      const run = memoryFolder();
      await expect(startRun(recipeOf(change), run, around)).rejects.toMatchObject({
        advice: expect.any(String),
      });
      expect(await run.list("")).toEqual([]);
    }
  });

  it("leaves a folder in use alone", async () => {
    const run = memoryFolder();
    await run.write("thesis.txt", "years of work");
    await expect(startRun(recipeOf(), run, around)).rejects.toThrow(RunError);
    await expect(resumeRun(run, around)).rejects.toThrow(/no recipe\.json/);
    expect(await run.list("")).toEqual(["thesis.txt"]);
  });

  it("says what is wrong with a damaged recipe.json", async () => {
    const run = memoryFolder();
    await run.write("recipe.json", '{"data":');
    await expect(resumeRun(run, around)).rejects.toThrow(/recipe cannot be read[\s\S]*recipe\.json/);
    await run.write("recipe.json", "{}");
    await expect(resumeRun(run, around)).rejects.toThrow(/lacks a value/);
  });
});

describe("a change on resuming", () => {
  it("of steps and rate is kept in the folder", async () => {
    const run = memoryFolder();
    await (await startRun(recipeOf(), run, around)).train();
    const change = (recipe: Recipe): Recipe => ({ ...recipe, training: { ...recipe.training, steps: 8 } });
    expect((await (await resumeRun(run, around, change)).train()).steps).toBe(8);
    expect((await readRecipe<Recipe>(run)).training.steps).toBe(8);
  });

  it("that the checkpoint cannot follow is refused, and the recipe stays", async () => {
    const run = memoryFolder();
    await (await startRun(recipeOf(), run, around)).train();
    const before = await run.read("recipe.json");
    const sgd = recipeOf({ optimizer: { kind: "sgd", lr: 1, schedule: { kind: "constant" } } });
    await expect(resumeRun(run, around, () => sgd)).rejects.toThrow(ResumeError);
    const wide = recipeOf({
      model: { kind: "gpt2", contextLength: 16, numLayers: 1, numHeads: 2, width: 32 },
    });
    await expect(resumeRun(run, around, () => wide)).rejects.toThrow(/cannot change its model/);
    expect(await run.read("recipe.json")).toEqual(before);
  });

  it("of the text under a finished preparation changes nothing, under an unfinished one with a checkpoint is refused", async () => {
    const run = memoryFolder();
    await (await startRun(recipeOf(), run, around)).train(stopAfter(2));
    await run.remove("data/train/index.json");
    await expect(resumeRun(run, around)).rejects.toThrow(/data that a run learns from[\s\S]*step-000002/);
  });
});

describe("features", () => {
  it.each<RecipeInput["features"]>([
    { kind: "character" },
    { kind: "byte" },
    { kind: "bpe", vocabSize: 280 },
  ])("%j: documents end with the end of text, and the saved model has the tokenizer", async (features) => {
    const run = memoryFolder();
    const { tokenizer, train } = await startRun(recipeOf({ features }), run, around);
    const shards = await openShards(run.folder("data/train"));
    const ids = new Int32Array(shards.tokenCount);
    await shards.read(0, ids);
    expect(ids.at(-1)).toBe(tokenizer.endOfText);
    const ends = ids.filter((id) => id === tokenizer.endOfText).length;
    expect(ends).toBeGreaterThanOrEqual(4);
    expect(tokenizer.decode(ids)).toMatch(/^\d\nthe|^\d\n\w+ /);
    await train();
    const saved = await openModel(run);
    expect(saved.tokenizer!.encode("the sea")).toEqual(tokenizer.encode("the sea"));
  });

  it("a pretrained tokenizer comes from its folder", async () => {
    const { tokenizer } = await startRun(
      recipeOf({ features: { kind: "bpe", vocabSize: 280 } }),
      memoryFolder(),
      around,
    );
    const folder = join(place, "tokenizer");
    await saveTokenizer(tokenizer, openFolder(folder));
    const run = await startRun(
      recipeOf({ features: { kind: "pretrained", folder } }),
      memoryFolder(),
      around,
    );
    expect(run.tokenizer.encode("the whale")).toEqual(tokenizer.encode("the whale"));
    expect(run.model.vocabSize).toBe(tokenizer.vocabSize);
  });

  it("a text that is too short for the vocabulary's windows", async () => {
    writeFileSync(join(place, "short.txt"), "abc");
    const short = recipeOf({ data: { files: join(place, "short.txt") }, features: { kind: "character" } });
    const promise = startRun(
      { ...short, generation: { ...short.generation, prompt: "a" } },
      memoryFolder(),
      around,
    );
    await expect(promise).rejects.toThrow(DataError);
  });
});
