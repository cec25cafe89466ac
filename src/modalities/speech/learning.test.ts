import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { loggedLosses, stopAfter } from "../../../test/tiny.js";
import { toneSentences, writeToneWords } from "../../../test/tone-words.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { openSpeechModel } from "../../interop/speech-folder.js";
import { resolveRecipe } from "../find.js";
import { resumeRun, startRun } from "../run.js";
import { prepareSpeech } from "./learning.js";
import type { SpeechRecipe } from "./recipe.js";

const place = temporaryFolder();
const spoken = join(place, "spoken");
const [soundAlone, otherLetters] = [join(place, "sound alone"), join(place, "other letters")];
const around = { runtime: nodeRuntime, openFolder };

const conformer = { kind: "conformer", width: 16, numLayers: 1, numHeads: 2, hiddenWidth: 32, kernelSize: 3 };
const ctc = { kind: "ctc", layerDrop: 0.3 };
const bestRq = { kind: "bestRq", codes: 16, spanStarts: 0.1, layerDrop: 0.3 };
const augment = { speeds: [0.9, 1, 1.1], gain: 6, noise: 15, room: 0.2 };

const recipeOf = ({
  objective = ctc as object,
  model = conformer as object,
  path = spoken,
  training = {},
} = {}) =>
  resolveRecipe<SpeechRecipe>(
    {
      data: { format: "speech", path, validationFraction: 0.4 },
      features: { kind: "mel", augment: { ...augment, specAugment: objective === ctc } },
      model,
      objective,
      optimizer: { kind: "adamw", lr: 1e-2, averageDecay: 0.9, schedule: { kind: "constant" } },
      training: {
        ...{ batchSize: 2, buckets: 1, steps: 4, evaluateEvery: 2, checkpointEvery: 2, threads: 1 },
        ...training,
      },
    },
    "a test",
  );

const from = (folder: string) => ({ kind: "pretrained", from: folder });
const savedIn = (run: Folder) => run.read("checkpoints/step-000004/model.safetensors");
const dataOf = (weights: ReadonlyMap<string, { readonly data: unknown }>, names: Iterable<string>) =>
  Array.from(names, (name) => [name, weights.get(name)!.data]);

/** What a run would learn. */
const learningOf = async (recipe: SpeechRecipe) =>
  (await prepareSpeech(recipe, around)).write(memoryFolder());

beforeAll(async () => {
  writeToneWords(spoken, toneSentences(10));
  await (await startRun(recipeOf({ objective: bestRq }), openFolder(soundAlone), around)).train();
});

describe("a recipe that cannot be learned", () => {
  it.each([
    ["heads that do not divide the width", { model: { ...conformer, numHeads: 5 } }, /numHeads 5|heads/],
    ["an even kernel", { model: { ...conformer, kernelSize: 4 } }, /kernel/],
    ["more codes than are kept", { objective: { ...bestRq, codes: 70_000 } }, /70000 codes/],
  ])("of %s is refused before anything is decoded", async (_, change, message) => {
    await expect(prepareSpeech(recipeOf(change), around)).rejects.toThrow(message);
  });
});

describe("a run on speech", () => {
  it.each([
    ["ctc", ctc],
    ["bestRq", bestRq],
  ])("with %s, stopped and resumed, ends in the same bits, with all that is drawn", async (_, objective) => {
    const [whole, parted] = [memoryFolder(), memoryFolder()];
    await (await startRun(recipeOf({ objective }), whole, around)).train();
    await (await startRun(recipeOf({ objective }), parted, around)).train(stopAfter(2));
    await (await resumeRun(parted, around)).train();
    expect(await savedIn(parted)).toEqual(await savedIn(whole));
    expect(await loggedLosses(parted)).toEqual(await loggedLosses(whole));
  });

  it("whose data are not whole prepares them again, unless it has learned from them", async () => {
    const run = memoryFolder();
    await startRun(recipeOf(), run, around);
    await run.remove("data/train/samples.bin");
    await (await resumeRun(run, around)).train();
    await run.remove("data/train/samples.bin");
    await expect(resumeRun(run, around)).rejects.toThrow(/cannot be read[\s\S]*restore the run's data/);
  });

  it("takes as many steps as it is to pass over the recordings", async () => {
    const training = { steps: undefined, epochs: 2, evaluationBatches: 1 };
    const { steps, description } = await learningOf(recipeOf({ training }));
    // 6 recordings by 2.
    expect([steps, description.train, description.validation]).toEqual([6, 6, 4]);
  });

  it("learns more weights than it keeps where a head tells codes, and counts them all", async () => {
    const { description } = await learningOf(recipeOf({ objective: bestRq }));
    const { parameters } = (await openSpeechModel(openFolder(soundAlone))).model;
    const kept = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(description.parameters).toBe(kept + 16 * 16);
  });

  it("says which letters it is validated with that it does not learn", async () => {
    writeToneWords(join(otherLetters, "train"), ["no", "on a", "do"]);
    writeToneWords(join(otherLetters, "test"), ["no zeds"]);
    const { notes } = await learningOf(recipeOf({ path: otherLetters }));
    expect(notes).toContain("letters to be validated with that are not learned: z e s");
  });
});

describe("a run that starts from a trained model", () => {
  it("has the encoder's weights, and a head of its own", async () => {
    const base = await openSpeechModel(openFolder(soundAlone));
    expect(base.kind).toBe("encoder");
    const run = await startRun(recipeOf({ model: from(soundAlone) }), memoryFolder(), around);
    const names = base.model.parameters.map(({ name }) => name);
    expect(dataOf(run.weights, names)).toEqual(dataOf(base.weights, names));
    expect([...run.weights.keys()].filter((name) => !names.includes(name))).toEqual([
      "lm_head.weight",
      "lm_head.bias",
    ]);
    expect(run.recipe.model).toMatchObject({
      from: soundAlone,
      folder: join(soundAlone, "checkpoints/step-000004"),
    });
    await run.train();
  });

  it("has its head, too, where it tells the same symbols, and else not", async () => {
    const recogniser = join(place, "recogniser");
    mkdirSync(recogniser);
    await (await startRun(recipeOf(), openFolder(recogniser), around)).train();
    const base = await openSpeechModel(openFolder(recogniser));
    const names = [...base.weights.keys()];
    const same = (await learningOf(recipeOf({ model: from(recogniser) }))).start!.pretrained!;
    expect(dataOf(same, names)).toEqual(dataOf(base.weights, names));
    const other = await learningOf(recipeOf({ model: from(recogniser), path: otherLetters }));
    expect([...other.start!.pretrained!.keys()]).toEqual(names.filter((name) => !/^lm_head/.test(name)));
  });
});
