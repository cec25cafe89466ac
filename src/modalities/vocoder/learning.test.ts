import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { toneFile } from "../../../test/sounds.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { stopAfter } from "../../../test/tiny.js";
import { vocoderRecipe, writeTones } from "../../../test/vocoder-recipe.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { decodeAudio } from "../../data/audio/decode.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { openVocoder } from "../../interop/vocoder-folder.js";
import { resolveRecipe } from "../find.js";
import type { Output } from "../modality.js";
import { resumeRun, startRun } from "../run.js";
import { findNamed } from "../saved.js";
import { vocoderBatches } from "./batches.js";
import { openRunVocoder, prepareVocoder } from "./learning.js";
import { openPreparedRecordings } from "./prepared.js";
import type { VocoderRecipe } from "./recipe.js";
import { tapeOf } from "./tape.js";

const place = temporaryFolder();
const [tones, run] = [join(place, "tones"), join(place, "run")];
const around = { runtime: nodeRuntime, openFolder };
const recipeOf = (path = tones) => resolveRecipe<VocoderRecipe>(vocoderRecipe(path), "a test");
const savedIn = (folder: Folder) => folder.read("checkpoints/step-000004/model.safetensors");

beforeAll(async () => {
  writeTones(tones, 8);
  await (await startRun(recipeOf(), openFolder(run), around)).train();
});

describe("recordings laid end to end", () => {
  it("are as loud as can be", async () => {
    const { train } = await openPreparedRecordings(openFolder(join(run, "data")));
    const tape = await tapeOf(train);
    expect(tape.samples).toBe(6 * 2400);
    const sound = await tape.read(2000, 3000); // over two joins
    const first = await train.read(0);
    const gain = 10 ** (-1 / 20) / Math.max(...first.map(Math.abs));
    for (let i = 0; i < 400; i++) expect(Math.abs(sound[i] - gain * first[2000 + i])).toBeLessThan(1e-6);
    expect(Math.max(...sound.subarray(400, 2800))).toBeCloseTo(10 ** (-1 / 20), 2);
  });

  it("give each batch again, and validate on all of them", async () => {
    const { train, validation } = await openPreparedRecordings(openFolder(join(run, "data")));
    const tapes = { train: await tapeOf(train), validation: await tapeOf(validation) };
    const batches = vocoderBatches(tapes, recipeOf());
    const batch = await batches.training(3);
    expect(await batches.training(3)).toEqual(batch);
    expect(await batches.training(4)).not.toEqual(batch);
    expect(batch.logs).toHaveLength(16 * 2 * 129);
    expect(batch.rough).toHaveLength(16 * 2 * 129);
    expect(batch.mel).toHaveLength(16 * 2 * 64);
    const all = [];
    for await (const one of batches.validation()) all.push(one);
    expect(all).toHaveLength(batches.validationBatches!);
    expect(all).toHaveLength(Math.floor(4800 / (15 * 64) / 2));
  });
});

describe("a run", () => {
  it("ends in the same bits when it was stopped in between", async () => {
    const folder = memoryFolder();
    const begun = await startRun(recipeOf(), folder, around);
    await begun.train({ ...stopAfter(2) });
    await (await resumeRun(folder, around)).train();
    expect(await savedIn(folder)).toEqual(await savedIn(openFolder(run)));
  });

  it("shows three spectrograms while it trains", async () => {
    const learning = await openRunVocoder(recipeOf(), openFolder(join(run, "data")), around);
    const { weights } = await openVocoder(openFolder(run));
    const sample = await (await learning.sampler!(weights, around))(1);
    expect(sample).toMatchObject({ ending: ".png" });
    const { width, height } = await sharp((sample as { bytes: Uint8Array }).bytes).metadata();
    // 2400 samples in steps of 32; below each other 129 bins each and two gaps.
    expect([width, height]).toEqual([4800 / 32 + 1, 3 * 129 + 2 * 4]);
  });
});

describe("a trained vocoder", () => {
  const use = async (verb: string, options: object, ending?: string) => {
    const named = await findNamed(run, "latest", around);
    const found = named.kind.uses.find((one) => one.verb === verb)!;
    const wanted = ending === undefined ? undefined : { ending, each: false };
    const request = { options: found.options.parse(options), inputs: [], wanted };
    const outputs: Output[] = [];
    for await (const output of found.run(named, request, around)) outputs.push(output);
    return outputs;
  };

  it("is measured beside Griffin and Lim's method", async () => {
    const [picture, output] = await use("evaluate", {}, ".png");
    expect(picture).toMatchObject({ kind: "file" });
    const { figures, text } = output as Extract<Output, { kind: "figures" }>;
    expect(figures).toMatchObject({ metric: "spectral-distance", recordings: 2, passedOver: 0 });
    const { vocoder, griffinLim, under } = figures as Record<string, never> & {
      readonly vocoder: { distance: number };
      readonly griffinLim: { distance: number };
    };
    expect(under).toBeCloseTo(1 - vocoder.distance / griffinLim.distance, 12);
    expect(text).toMatch(/Griffin-Lim 0\.\d+ .*the vocoder is .* % (under|over) it/);
  });

  it("makes a sound again", async () => {
    const from = { name: "tone.wav", bytes: toneFile(0.3, 500, 16_000) };
    const [output] = await use("generate", { from }, ".wav");
    const { samples, sampleRate } = await decodeAudio((output as { bytes: Uint8Array }).bytes, "again.wav");
    expect([samples.length, sampleRate]).toEqual([2400, 8000]);
    const loudness = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
    expect(Math.abs(loudness - 0.5 / Math.SQRT2)).toBeLessThan(0.05);
  });

  it("asks for a sound", async () => {
    await expect(use("generate", {}, ".wav")).rejects.toThrow("no sound is given");
    await expect(use("evaluate", { data: join(place, "nowhere") })).rejects.toThrow("no such file");
  });
});

describe("a recipe that cannot be learned", () => {
  it("of no recordings is refused before anything is written", async () => {
    const recipe = recipeOf();
    const asked = { ...recipe, data: { ...recipe.data, path: undefined } };
    await expect(prepareVocoder(asked, around)).rejects.toThrow("data.path is missing");
  });

  it("of less sound than a window is refused", async () => {
    const few = join(place, "few");
    writeTones(few, 4);
    const recipe = recipeOf(few);
    const longer = { ...recipe, features: { ...recipe.features, frames: 200 } };
    await expect(startRun(longer, memoryFolder(), around)).rejects.toThrow("less sound than a window");
  });

  it("of recordings that are all too short is refused", async () => {
    const short = join(place, "short");
    writeTones(short, 1);
    for (const i of [0, 1, 2, 3]) writeFileSync(join(short, `${i}.wav`), toneFile(0.05, 300, 8000));
    await expect(startRun(recipeOf(short), memoryFolder(), around)).rejects.toThrow(/shorter than 0.1 s/);
  });
});
