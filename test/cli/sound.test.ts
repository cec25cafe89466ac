/** Sound through the command line: learning to draw it, drawing in every way, a judge, measures, and bad input. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeAudio } from "../../src/data/audio/decode.js";
import { encodeWav } from "../../src/data/audio/write-wav.js";
import { openFolder } from "../../src/files/disk.js";
import { openSoundModel } from "../../src/interop/sound-folder.js";
import { toneFile } from "../sounds.js";
import { toneClip, writeToneClips } from "../tone-clips.js";
import { autodidact, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const clips = join(place, "clips");
const [tones, judge] = [join(place, "runs", "tones"), join(place, "runs", "judge")];
const tone = join(place, "tone.wav");

const common = {
  data: { format: "sound", path: clips, names: "{class}_{speaker}_{take}", heldOut: { take: 0 } },
  features: { kind: "mel", sampleRate: 8000, seconds: 0.3, augment: { shift: 2, gain: 1 } },
  optimizer: {
    kind: "adamw",
    lr: 5e-3,
    weightDecay: 0,
    schedule: { kind: "linear", warmupSteps: 5, finalFactor: 0.1 },
  },
  training: { batchSize: 8, steps: 300, evaluateEvery: 300, checkpointEvery: 300, threads: 1 },
  generation: { count: 4, steps: 4 },
};
const recipes = {
  tones: {
    ...common,
    model: { kind: "dit", patchFrames: 2, embedWidth: 48, numLayers: 2, numHeads: 2 },
    objective: { kind: "flowMatching" },
  },
  judge: {
    ...common,
    model: { kind: "resnet", baseWidth: 8, blocksPerStage: [1, 1], groups: 4 },
    objective: { kind: "crossEntropy" },
    training: { ...common.training, steps: 20, evaluateEvery: 20, checkpointEvery: 20 },
  },
};

async function train(recipe: object, out: string, ...flags: string[]) {
  const file = join(place, "recipe.json");
  writeFileSync(file, JSON.stringify(recipe));
  return autodidact("train", file, "--out", out, ...flags);
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await autodidact(...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

const decoded = (path: string) => decodeAudio(new Uint8Array(readFileSync(path)), path);
const peakOf = (samples: Float32Array) => samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

let told: string;
beforeAll(async () => {
  writeToneClips(clips, 4);
  writeFileSync(
    join(clips, "A4_ann_9.wav"),
    encodeWav({ samples: new Float32Array(4000), sampleRate: 8000 }),
  );
  writeFileSync(tone, encodeWav(toneClip("A4", "ann", 0)));
  const { code, stderr } = await train(recipes.tones, tones);
  expect(code, stderr).toBe(0);
  told = stderr;
  const judging = await train(recipes.judge, judge);
  expect(judging.code, judging.stderr).toBe(0);
}, 180_000);

describe("train", () => {
  it("says what it learns from, what is filled, cut and left out, and shows spectrograms", () => {
    expect(told).toMatch(
      /dit with .* 38 frames of 64 bands, 0\.30 s, 2 classes, 2 speakers; 12 clips to learn from, 4 held out/,
    );
    expect(told).toMatch(/held out take 0: 4 of 17 clips/);
    expect(told).toMatch(/16 clips cut to 0\.3 s/);
    expect(told).toMatch(/left out: 1 clip of silence, such as A4_ann_9/);
    expect(readFileSync(join(tones, "samples/step-000300.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  it("keeps all that makes a spectrogram in config.json", async () => {
    const { mel, scaling, lead, classes, speakers, model } = await openSoundModel(openFolder(tones));
    expect({ lead, classes, speakers }).toEqual({ lead: 2, classes: ["A4", "E6"], speakers: ["ann", "bob"] });
    expect([mel.sampleRate, mel.bands, scaling.mean.length, model.width]).toEqual([8000, 64, 64, 38]);
  });
});

describe("generate", () => {
  it("draws the class and the speaker that are asked for, loud, without an offset or clicks", async () => {
    const out = join(place, "drawn.wav");
    const figures = await json(
      "generate",
      tones,
      "--class",
      "E6",
      "--speaker",
      "ann",
      "--count",
      "2",
      "--out",
      out,
    );
    expect(figures).toMatchObject({ count: 2, guidance: 2, renderer: "Griffin-Lim" });
    const { samples, sampleRate } = await decoded(out);
    expect(sampleRate).toBe(8000);
    expect(peakOf(samples)).toBeCloseTo(10 ** (-1 / 20), 3);
    expect(Math.abs(samples.reduce((sum, value) => sum + value, 0) / samples.length)).toBeLessThan(1e-3);
    expect([samples[0], samples.at(-1)]).toEqual([0, 0]);
  });

  it.each([".wav", ".ogg"])("the same bytes by the same seed, as %s", async (ending) => {
    const [first, second] = ["a", "b"].map((name) => join(place, `${name}${ending}`));
    for (const out of [first, second])
      await autodidact("generate", tones, "--count", "1", "--seed", "3", "--out", out);
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true);
  });

  it("each into a file of its own", async () => {
    await autodidact("generate", tones, "--count", "4", "--out", `${join(place, "each")}/`);
    expect(readdirSync(join(place, "each"))).toEqual(["1-A4.wav", "2-E6.wav", "3-A4.wav", "4-E6.wav"]);
  });

  it("variations, a gap that is repaired, and what comes after", async () => {
    const out = join(place, "changed.wav");
    const change = async (...flags: string[]) => {
      const { code, stderr } = await autodidact(
        "generate",
        tones,
        "--count",
        "1",
        "--from",
        tone,
        "--out",
        out,
        ...flags,
      );
      expect(code, stderr).toBe(0);
      return (await decoded(out)).samples;
    };
    const given = (await decoded(tone)).samples;
    const like = (a: Float32Array, b: Float32Array) => {
      const product = (x: Float32Array, y: Float32Array) =>
        x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
      return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
    };
    expect((await change("--strength", "0.3")).length).toBe(37 * 64);
    const repaired = await change("--repair", "0.1-0.2");
    expect(repaired.length).toBe(given.length);
    const beginning = (samples: Float32Array) => samples.subarray(100, 700);
    // What is kept is kept but for its level.
    expect(like(beginning(repaired), beginning(given))).toBeGreaterThan(0.999);
    const longer = await change("--continue", "--seconds", "0.7");
    expect(longer.length).toBeGreaterThanOrEqual(0.7 * 8000);
    expect(like(beginning(longer), beginning(given))).toBeGreaterThan(0.999);
  });

  it("longer sounds of several windows", async () => {
    const out = join(place, "long.wav");
    await autodidact("generate", tones, "--count", "1", "--seconds", "1", "--out", out);
    expect((await decoded(out)).samples.length).toBe(8000);
  });
});

describe("classify and evaluate", () => {
  it("tells which tone it is, also of another sample rate", async () => {
    const other = join(place, "other.wav");
    writeFileSync(other, toneFile(0.4, 1318.5, 44_100));
    const { results } = await json("classify", judge, tone, other, "--top", "1");
    expect(results.map(({ classes }: { classes: { label: string }[] }) => classes[0].label)).toEqual([
      "A4",
      "E6",
    ]);
    expect(await json("evaluate", judge)).toMatchObject({ metric: "accuracy", accuracy: 1, clips: 4 });
  });

  it("hears the class that was asked for, and says which judge does and how it hears clips", async () => {
    const figures = await json("evaluate", tones, "--metric", "accuracy", "--judge", judge, "--samples", "8");
    expect(figures).toMatchObject({ samples: 8, judge, renderer: "Griffin-Lim", clipAccuracy: 1, clips: 4 });
    expect(figures.accuracy).toBe(1);
    const ofOne = await json(
      ...["evaluate", tones, "--metric", "accuracy", "--judge", judge, "--samples", "4", "--speaker", "ann"],
    );
    expect(ofOne).toMatchObject({ samples: 4, accuracy: 1, clips: 2 });
  });

  it("measures pitch, distances and neighbours beside those of clips", async () => {
    const measured = (metric: string, ...flags: string[]) =>
      json("evaluate", tones, "--metric", metric, "--samples", "8", ...flags);
    const { clipsInTune, inTune } = await measured("pitch");
    expect(clipsInTune).toBe(1);
    // So small a model draws some noise around its tones: one of eight may be mistaken, where chance finds one in ninety.
    expect(inTune).toBeGreaterThanOrEqual(0.75);
    const frechet = await measured("frechet", "--judge", judge);
    expect(frechet.multiple).toBeCloseTo(frechet.frechetDistance / frechet.trainAgainstTest, 6);
    const { precision, train } = await measured("precision-recall", "--judge", judge);
    expect([precision, train.precision].every((share) => share >= 0 && share <= 1)).toBe(true);
    const { drawn, heldOut } = await measured("neighbours");
    expect(drawn.smallest).toBeGreaterThan(0);
    expect(drawn.median).toBeLessThan(5);
    expect(heldOut.median).toBeGreaterThan(0);
    const faults = await measured("faults");
    // A tone at 1 dB under full scale has -4.7 LUFS, and up to 4 more where the head makes it louder.
    expect(faults.clips).toMatchObject({ silent: 0, clipped: 0 });
    expect(Math.abs(faults.clips.loudness + 4.7)).toBeLessThan(4.5);
    expect(faults.drawn).toMatchObject({ silent: 0, clipped: 0, clicking: 0 });
    expect(faults.drawn.greatestOffset).toBeLessThan(0.01);
  });
});

describe("bad input", () => {
  const draw = (...flags: string[]) => ["generate", tones, "--out", join(place, "no.wav"), ...flags];
  const silent = join(place, "silent.wav");
  const damaged = join(place, "damaged.wav");
  beforeAll(() => {
    writeFileSync(silent, encodeWav({ samples: new Float32Array(4000), sampleRate: 8000 }));
    writeFileSync(damaged, "RIFF");
  });

  it.each([
    [draw("--class", "A5"), /does not know this class[\s\S]*did you mean "A4"/],
    [draw("--speaker", "eve"), /does not know this speaker[\s\S]*ann, bob/],
    [draw("--repair", "0.1-0.2"), /no sound to begin with/],
    [draw("--from", tone, "--repair", "0.2-0.1"), /no such part of the sound/],
    [draw("--from", tone, "--repair", "0.2-9"), /no such part of the sound/],
    [draw("--from", tone, "--continue", "--strength", "0.5"), /one way at a time/],
    [draw("--from", tone, "--continue", "--seconds", "0.1"), /nothing left to draw/],
    [draw("--from", tone, "--seconds", "2"), /length would have no effect/],
    [draw("--from", silent), /a sound is silent/],
    [draw("--from", damaged), /recording/],
    [["evaluate", tones, "--metric", "accuracy"], /there is none[\s\S]*--judge is missing/],
    [["evaluate", tones, "--metric", "frechet", "--judge", tones], /the judge tells nothing/],
    [draw("--vocoder", tones), /the model is no vocoder/],
    [["classify", judge, silent], /a sound is silent/],
  ])("is refused: %j", async (args, message) => {
    await refuse(place, message, args);
  });

  it("is refused while data are prepared, and leaves nothing", async () => {
    const path = join(place, "bad.json");
    const tried = async (change: object, message: RegExp) => {
      writeFileSync(path, JSON.stringify({ ...recipes.tones, ...change }));
      await refuse(place, message, ["train", path, "--out", join(place, "bad")]);
    };
    await tried({ data: { format: "sound" } }, /no clips to learn from/);
    await tried({ data: { ...common.data, names: "{class}" + "-{take}" } }, /no clip has a name that fits/);
    await tried({ data: { ...common.data, heldOut: { speaker: "eve" } } }, /no such speaker to hold out/);
    await tried({ training: { ...common.training, batchSize: 64 } }, /fewer clips than a batch holds/);
    await tried({ objective: { kind: "crossEntropy" } }, /objective does not go with the model/);
    const silence = join(place, "silence");
    mkdirSync(silence, { recursive: true });
    const nothing = encodeWav({ samples: new Float32Array(4000), sampleRate: 8000 });
    for (let i = 0; i < 20; i++) writeFileSync(join(silence, `${i}.wav`), nothing);
    await tried({ data: { format: "sound", path: silence } }, /no clips left to learn from/);
  });
});
