import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeMadeChorales } from "../../../test/made-chorales.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { loggedLosses, stopAfter } from "../../../test/tiny.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { openModel } from "../../interop/model-folder.js";
import { RecipeError } from "../../recipe/errors.js";
import { resolveRecipe } from "../find.js";
import { resumeRun, startRun } from "../run.js";
import { prepareMusic } from "./learning.js";
import type { MusicRecipe } from "./recipe.js";

const file = join(temporaryFolder(), "chorales.json");
const around = { runtime: nodeRuntime, openFolder };
beforeAll(() => writeMadeChorales(file));

const llama = { kind: "llama", contextLength: 136, numLayers: 1, numHeads: 2, width: 32, hiddenWidth: 64 };
const grid = { kind: "maskedGrid", bars: 2, numLayers: 1, numHeads: 2, width: 32, mlpWidth: 64 };

const recipeOf = ({
  model = llama as object,
  objective = { kind: "nextToken" } as object,
  features = {} as object,
  data = {} as object,
  training = {} as object,
} = {}) =>
  resolveRecipe<MusicRecipe>(
    {
      data: { format: "music", path: file, ...data },
      features: { kind: "chorales", transpose: 2, infill: 0.3, ...features },
      ...{ model, objective },
      optimizer: { kind: "adamw", lr: 1e-2, averageDecay: 0.5, schedule: { kind: "constant" } },
      training: {
        ...{ batchSize: 2, steps: 4, evaluateEvery: 2, checkpointEvery: 2, threads: 1 },
        ...training,
      },
      generation: { bars: 1 },
    },
    "a test",
  );
const anyOrder = { model: grid, objective: { kind: "anyOrder" } };
const savedIn = (run: Folder) => run.read("checkpoints/step-000004/model.safetensors");

describe("a recipe that cannot be learned", () => {
  it.each([
    ["without music", { data: { path: undefined } }, /data.path and data.files are missing/],
    ["of a grid that reads from left to right", { model: grid }, /maskedGrid.*nextToken/],
    ["of a decoder in any order", { objective: { kind: "anyOrder" } }, /llama.*anyOrder/],
  ])("%s is refused before anything is written", async (_, change, message) => {
    const refused = prepareMusic(recipeOf(change as object), around);
    await expect(refused).rejects.toThrow(RecipeError);
    await expect(prepareMusic(recipeOf(change as object), around)).rejects.toThrow(message);
  });
});

describe("a run on music", () => {
  it.each([
    ["words", {}],
    ["a grid", anyOrder],
  ])("of %s, stopped and resumed, ends in the same bits, with all that is drawn", async (_, change) => {
    const [whole, parted] = [memoryFolder(), memoryFolder()];
    await (await startRun(recipeOf(change), whole, around)).train();
    await (await startRun(recipeOf(change), parted, around)).train(stopAfter(2));
    await (await resumeRun(parted, around)).train();
    expect(await savedIn(parted)).toEqual(await savedIn(whole));
    expect(await loggedLosses(parted)).toEqual(await loggedLosses(whole));
  });

  // A beat of the made pieces is one of eight chords held for four steps, so nearly all notes can be told.
  it.each([
    ["words", { training: { steps: 120, batchSize: 4 } }, 0.35],
    ["a grid", { ...anyOrder, training: { steps: 120, batchSize: 8 } }, 0.6],
  ])("of %s learns what follows from what", { timeout: 60_000 }, async (_, change, most) => {
    const long = { evaluateEvery: 120, checkpointEvery: 120 };
    const recipe = recipeOf({ ...change, training: { ...change.training, ...long } });
    const { validation } = await (await startRun(recipe, memoryFolder(), around)).train();
    expect(validation!.loss).toBeLessThan(most);
  });

  it("saves a decoder as a Llama folder that says how its music is spelled", async () => {
    const folder = memoryFolder();
    await (await startRun(recipeOf(), folder, around)).train();
    const config = JSON.parse(
      new TextDecoder().decode(await folder.read("checkpoints/step-000004/config.json")),
    );
    expect(config).toMatchObject({ model_type: "llama", music: "chorales" });
    const { music, tokenizer } = await openModel(folder);
    expect(music).toBe("chorales");
    expect(tokenizer!.decode(tokenizer!.encode("Beat_1 Soprano_67 Alto_None"))).toBe(
      "Beat_1 Soprano_67 Alto_None",
    );
  });
});
