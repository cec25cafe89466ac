import { beforeAll, describe, expect, it } from "vitest";
import { stopAfter, tinyModel, tinyTrainer, train } from "../../test/tiny.js";
import { FolderError } from "../files/errors.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { adamw } from "../optim/adamw.js";
import { layOut } from "../optim/layout.js";
import { muon } from "../optim/muon.js";
import {
  checkpointName,
  loadCheckpoint,
  pruneCheckpoints,
  ResumeError,
  readName,
  saveCheckpoint,
} from "./checkpoint.js";
import type { Trainer } from "./trainer.js";

const model = tinyModel();
const layout = layOut(model.parameters, adamw({ lr: 1 }));
const arraysOf = (value: number) => ({
  parameters: new Float32Array(layout.size).fill(value),
  m: new Float32Array(layout.size).fill(value + 1),
  v: new Float32Array(layout.size).fill(value + 2),
});
const state = (step: number) => ({ step, seconds: 0.1 + 0.2, bestLoss: 1 / 3, evaluationsSinceBest: 1 });
const noModel = async () => {};

async function savedRun(...steps: number[]): Promise<Folder> {
  const run = memoryFolder();
  for (const step of steps) await saveCheckpoint(run, layout, state(step), arraysOf(step), noModel, false);
  return run;
}

/** A folder whose disk is full from the n-th write on, those of its sub-folders counted. */
function fullAfter(folder: Folder, writes: number): Folder {
  let left = writes;
  const wrap = (inner: Folder): Folder => {
    const full = async () => {
      if (left-- <= 0) throw new FolderError("the disk is full", "ENOSPC", "free some space");
    };
    const wrapped: Folder = Object.create(inner);
    return Object.assign(wrapped, {
      write: async (...args: Parameters<Folder["write"]>) => full().then(() => inner.write(...args)),
      append: async (...args: Parameters<Folder["append"]>) => full().then(() => inner.append(...args)),
      folder: (path: string) => wrap(inner.folder(path)),
    });
  };
  return wrap(folder);
}

describe("a saved checkpoint", () => {
  it("comes back to the bit", async () => {
    const run = await savedRun(3, 6);
    const arrays = arraysOf(0);
    expect(await loadCheckpoint(run, layout, arrays)).toEqual(state(6));
    expect(arrays).toEqual(arraysOf(6));
  });

  it("is none before the first", async () => {
    expect(await loadCheckpoint(memoryFolder(), layout, arraysOf(0))).toBeUndefined();
  });

  it("replaces one of the same step that a killed run left", async () => {
    const run = await savedRun(3, 6);
    await run.write("checkpoints/latest", "step-000003");
    await run.write("checkpoints/step-000006/strange", "x");
    await run.write("checkpoints/partial-step-000006/strange", "x");
    await saveCheckpoint(run, layout, state(6), arraysOf(6), noModel, true);
    expect(await run.list("checkpoints/step-000006")).toEqual(["training"]);
    expect([await readName(run, "latest"), await readName(run, "best")]).toEqual([
      "step-000006",
      "step-000006",
    ]);
  });

  it("pruning counts steps, not letters, and clears what a killed run left", async () => {
    const run = await savedRun(999_998, 999_999, 1_000_000);
    await run.write("checkpoints/partial-step-7/model.safetensors", "x");
    await pruneCheckpoints(run, 2);
    expect(await run.list("checkpoints")).toEqual(["latest", "step-1000000", "step-999999"]);
  });
});

describe("a checkpoint that cannot be used", () => {
  const path = `checkpoints/${checkpointName(6)}/training`;
  const refusal = async (run: Folder, of = layout, arrays = arraysOf(0)) => {
    const error = await loadCheckpoint(run, of, arrays).catch((e) => e);
    expect(error).toBeInstanceOf(ResumeError);
    expect([error.what, error.values, error.advice].every((part) => part.length > 0)).toBe(true);
    return error.message as string;
  };

  it.each(["parameters", "m", "v"])("one flipped bit in %s", async (name) => {
    const run = await savedRun(6);
    const bytes = await run.read(`${path}/${name}.bin`);
    bytes[bytes.length >> 1] ^= 4;
    await run.write(`${path}/${name}.bin`, bytes);
    expect(await refusal(run)).toContain(`${name}.bin: another checksum`);
  });

  it("an array cut short, or gone", async () => {
    const run = await savedRun(6);
    await run.write(`${path}/m.bin`, (await run.read(`${path}/m.bin`)).slice(0, -4));
    expect(await refusal(run)).toMatch(/m\.bin: \d+ bytes instead of \d+[\s\S]*older checkpoint/);
    await run.remove(`${path}/m.bin`);
    expect(await refusal(run)).toContain("m.bin: no bytes instead of");
  });

  it.each([
    ["cut short", (text: string) => text.slice(0, 40), /JSON/],
    ["empty", () => "", /JSON/],
    ["of another shape", () => "[1]", /state\.json/],
    [
      "null where arrays are",
      (text: string) => text.replace(/"arrays": \{[\s\S]*\}/, '"arrays": null}'),
      /arrays/,
    ],
    ["of another step", (text: string) => text.replace('"step": 6', '"step": 7'), /step 7 in step-000006/],
  ])("a state file that is %s", async (_, damage, message) => {
    const run = await savedRun(6);
    const text = new TextDecoder().decode(await run.read(`${path}/state.json`));
    await run.write(`${path}/state.json`, damage(text));
    expect(await refusal(run)).toMatch(message);
  });

  it("a pointer to nothing", async () => {
    const run = await savedRun(6);
    await run.write("checkpoints/latest", "step-000009");
    expect(await refusal(run)).toMatch(/step-000009[\s\S]*there is no such file/);
  });

  it("another architecture, vocabulary or optimizer", async () => {
    const run = await savedRun(6);
    for (const change of [{ width: 32 }, { numLayers: 2 }, { vocabSize: 24 }]) {
      const other = layOut(tinyModel(change).parameters, adamw({ lr: 1 }));
      expect(await refusal(run, other)).toContain("another model or optimizer");
    }
    const { parameters, m } = arraysOf(0);
    const sgdArrays = { parameters, m } as unknown as ReturnType<typeof arraysOf>;
    expect(await refusal(run, layout, sgdArrays)).toContain("another model or optimizer");
    const muonLayout = layOut(model.parameters, muon({ lr: 1 }));
    expect(await refusal(run, muonLayout)).toContain("another model or optimizer");
  });
});

describe("a disk that fills up while a checkpoint is written", () => {
  let trainer: Trainer;
  beforeAll(async () => {
    trainer = await tinyTrainer();
  });

  // config, weights, generation config, three arrays, state, best, latest
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("at write %d: the one before is used", async (writes) => {
    const run = await savedRun(3);
    const whole = async (folder: Folder) => {
      for (const name of ["config.json", "model.safetensors", "generation_config.json"])
        await folder.write(name, "x");
    };
    const saving = saveCheckpoint(fullAfter(run, writes), layout, state(6), arraysOf(6), whole, true);
    await expect(saving).rejects.toThrow(FolderError);
    expect(await readName(run, "latest")).toBe("step-000003");
    const arrays = arraysOf(0);
    expect(await loadCheckpoint(run, layout, arrays)).toEqual(state(3));
    expect(arrays).toEqual(arraysOf(3));
    expect((await run.list("checkpoints")).filter((name) => name.startsWith("partial"))).toEqual([]);
  });

  it("the loop ends with the error, and goes on when there is space again", async () => {
    const run = memoryFolder();
    await expect(train(fullAfter(run, 40), trainer, { checkpointEvery: 1 })).rejects.toThrow(
      "the disk is full",
    );
    expect(await readName(run, "latest")).toMatch(/^step-00000[1-9]$/);
    const whole = memoryFolder();
    await train(whole, await tinyTrainer(), stopAfter(12));
    expect((await train(run, await tinyTrainer())).reason).toBe("steps");
    const weights = (folder: Folder) => folder.read("checkpoints/step-000012/model.safetensors");
    expect(await weights(run)).toEqual(await weights(whole));
  });
});
