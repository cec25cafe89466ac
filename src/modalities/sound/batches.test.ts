import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { writeToneClips } from "../../../test/tone-clips.js";
import { encodeWav } from "../../data/audio/write-wav.js";
import { openClips } from "../../data/sounds/clips.js";
import type { Batch } from "../../data/training-data.js";
import { memoryFolder } from "../../files/memory.js";
import { soundBatches } from "./batches.js";
import { batchShapeOf } from "./build.js";
import { openPreparedSound, type PreparedSound, writeSound } from "./prepared.js";
import { type SoundRecipe, soundRecipeSchema } from "./recipe.js";

const place = temporaryFolder();
const recipe = (change: object = {}, augment: object = {}): SoundRecipe =>
  soundRecipeSchema.parse({
    data: { format: "sound", path: place, names: "{class}_{speaker}_{take}", heldOut: { take: 0 } },
    features: { kind: "mel", sampleRate: 8000, seconds: 0.3, augment: { shift: 2, gain: 1, ...augment } },
    model: { kind: "dit", embedWidth: 8, numLayers: 1, numHeads: 1 },
    objective: { kind: "flowMatching", classDropout: 0 },
    optimizer: { kind: "adamw", lr: 1, schedule: { kind: "constant" } },
    training: { batchSize: 3, steps: 1, evaluateEvery: 1, checkpointEvery: 1 },
    ...change,
  });

let sound: PreparedSound;
beforeAll(async () => {
  writeToneClips(place, 3);
  const folder = memoryFolder();
  const set = await openClips({ paths: [place], names: "{class}_{speaker}_{take}" });
  await writeSound(set, recipe(), folder, {});
  sound = await openPreparedSound(folder);
});

const rowsOf = ({ images }: Batch) => {
  const { height, width } = batchShapeOf(recipe());
  return Array.from({ length: images.length / (height * width) }, (_, i) =>
    (images as Float32Array).subarray(i * height * width, (i + 1) * height * width),
  );
};

describe("batches of sound", () => {
  it("are pure functions of their number", async () => {
    const [first, again] = [soundBatches(sound, recipe()), soundBatches(sound, recipe())];
    await again.training(0);
    expect(await again.training(5)).toEqual(await first.training(5));
    expect((await first.training(5)).images).not.toEqual((await first.training(6)).images);
  });

  it("pass over every clip, each with the label of its class and speaker", async () => {
    const { training } = soundBatches(sound, recipe());
    const labels: number[] = [];
    for (let step = 0; step < 8; step++) labels.push(...((await training(step)).labels as Int32Array));
    // Three passes over two takes of each pair; with two speakers and none, a class has three labels.
    expect(labels.toSorted()).toEqual([0, 1, 3, 4].flatMap((label) => Array(6).fill(label)));
  });

  it("hide class, speaker or both as often as asked for", async () => {
    const always = recipe({ objective: { kind: "flowMatching", classDropout: 1 } });
    const { labels } = await soundBatches(sound, always).training(0);
    expect([...(labels as Int32Array)]).toEqual([8, 8, 8]);
    const often = recipe({ objective: { kind: "flowMatching", classDropout: 0.3 } });
    const { training } = soundBatches(sound, often);
    const seen = new Set<number>();
    for (let step = 0; step < 60; step++)
      for (const label of (await training(step)).labels) seen.add(Number(label));
    expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("are scaled over what is learned from, but for bands that hardly change", async () => {
    const plain = recipe({ training: { ...recipe().training, batchSize: 8 } }, { shift: 0, gain: 0 });
    const { images } = await soundBatches(sound, plain).training(0);
    const values = images as Float32Array;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(1e-3);
    expect(square).toBeGreaterThan(0.3);
    expect(square).toBeLessThanOrEqual(1.001);
  });

  it("shift and change the gain of a clip while it learns, and of held-out clips never", async () => {
    const [still, moved] = [recipe({}, { gain: 0 }), recipe({}, { gain: 6 })];
    const held = async (chosen: SoundRecipe) => {
      const batches = [];
      for await (const batch of soundBatches(sound, chosen).validation()) batches.push(batch);
      return batches;
    };
    expect(await held(moved)).toEqual(await held(still));
    const [a, b] = [
      await soundBatches(sound, still).training(0),
      await soundBatches(sound, moved).training(0),
    ];
    expect(a.images).not.toEqual(b.images);
    const differ = new Set<string>();
    for (let step = 0; step < 40; step++) {
      for (const row of rowsOf(await soundBatches(sound, recipe({}, { gain: 0 })).training(step)))
        differ.add(row.join());
    }
    // Eight clips, each at five places.
    expect(differ.size).toBeGreaterThan(30);
    expect(differ.size).toBeLessThanOrEqual(40);
  });

  it("evaluate each held-out clip once, and count what fills the last batch up for nothing", async () => {
    const batches = [];
    for await (const batch of soundBatches(sound, recipe()).validation()) batches.push(batch);
    expect(batches.map(({ counted }) => [...(counted as Float32Array)])).toEqual([
      [1, 1, 1],
      [1, 0, 0],
    ]);
  });
});

it("a clip that is learned from is not validated with under another name", async () => {
  const folder = memoryFolder();
  const { clips, ...told } = await openClips({ paths: [place], names: "{class}_{speaker}_{take}" });
  const held = clips.find(({ take }) => take === "0")!;
  const copy = { ...clips.find(({ take }) => take === "1")!, id: held.id, source: held.source, take: "0" };
  const set = { ...told, clips: clips.map((clip) => (clip === held ? copy : clip)) };
  await writeSound(set, recipe(), folder, {});
  const { validation, leftOut } = await openPreparedSound(folder);
  expect(validation.clips).toHaveLength(3);
  expect(leftOut).toEqual([`1: a recording is the same as another, such as ${held.source}`]);
});

it("a split whose clips are all silent is refused, and nothing looks whole", async () => {
  const folder = memoryFolder();
  const silent = async () => encodeWav({ samples: new Float32Array(4000), sampleRate: 8000 });
  const clips = ["a", "b"].map((id) => ({ id, source: id, take: id === "a" ? "0" : "1", read: silent }));
  const set = { clips, classes: [], leftOut: [], notes: [] };
  await expect(writeSound(set, recipe(), folder, {})).rejects.toThrow(/no clips left/);
  await expect(openPreparedSound(folder)).rejects.toThrow(/no prepared clips of sound/);
});
