/** Images through the command line: training, going on, drawing, telling apart, measuring, and bad input. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { openFolder } from "../../src/files/disk.js";
import { openImageModel } from "../../src/interop/image-folder.js";
import { makeClassifier, makePictures } from "../pictures.js";
import { autodidact, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const pictures = join(place, "pictures");
const photo = join(pictures, "bars", "0.png");
const run = (name: string) => join(place, "runs", name);

const common = (objective: object, model: object) => ({
  data: { format: "images", path: pictures, validationFraction: 0.25 },
  features: { kind: "pixels", augment: { flip: true } },
  model,
  objective,
  optimizer: { kind: "adamw", lr: 3e-3, weightDecay: 0, averageDecay: 0.9, schedule: { kind: "constant" } },
  training: { batchSize: 16, steps: 6, evaluateEvery: 3, checkpointEvery: 3 },
  generation: { count: 4, steps: 2 },
});
const transformer = { patchSize: 4, embedWidth: 16, numLayers: 1, numHeads: 2 };
const recipes = {
  flow: common({ kind: "flowMatching" }, { kind: "dit", ...transformer }),
  mae: common(
    { kind: "maskedPatches" },
    { kind: "mae", ...transformer, mlpWidth: 32, decoderWidth: 8, decoderLayers: 1, decoderHeads: 2 },
  ),
  probe: common({ kind: "crossEntropy" }, { kind: "pretrained", from: run("mae"), linearProbe: true }),
  judge: common({ kind: "crossEntropy" }, { kind: "resnet", baseWidth: 8, blocksPerStage: [1], groups: 4 }),
};

async function train(name: keyof typeof recipes, out = run(name), ...flags: string[]) {
  const file = join(place, `${name}.mjs`);
  writeFileSync(file, `export default ${JSON.stringify(recipes[name])};`);
  return autodidact("train", file, "--out", out, ...flags);
}

beforeAll(async () => {
  await makePictures(pictures, { size: 8, perClass: 40 });
  for (const name of ["flow", "mae", "judge"] as const) expect((await train(name)).code).toBe(0);
  await makeClassifier(run("large"), 16, ["bands", "bars"]);
  await makeClassifier(run("other"), 8, ["x", "y"]);
}, 60_000);

describe("a run on images", () => {
  it("stopped and resumed ends with the same bytes", async () => {
    const parted = run("parted");
    await train("flow", parted, "--training.steps", "3");
    expect((await autodidact("train", "--resume", parted, "--training.steps", "6")).code).toBe(0);
    const weights = (folder: string) =>
      readFileSync(join(folder, "checkpoints/step-000006/model.safetensors"));
    expect(weights(parted).equals(weights(run("flow")))).toBe(true);
  });

  it("a probe learns on the images of the encoder's run, and leaves the encoder as it is", async () => {
    const here = relative(process.cwd(), run("mae"));
    const { code, stderr } = await train("probe", run("probe"), "--data.path", here);
    expect(code).toBe(0);
    expect(stderr).toMatch(/of which 34 are trained/);
    // The images lie with the other run, from whichever folder this one is read later.
    const { data } = JSON.parse(readFileSync(join(run("probe"), "recipe.json"), "utf8"));
    expect(data.path).toBe(run("mae"));
  });

  it("shows what it draws", async () => {
    const { width, height } = await sharp(join(run("flow"), "samples/step-000006.png")).metadata();
    expect([width, height]).toEqual([2 * 8 + 3 * 2, 2 * 8 + 3 * 2]);
  });
});

describe("generate", () => {
  const draw = (...flags: string[]) => autodidact("generate", run("flow"), "--steps", "2", ...flags);

  it("draws the same pictures for the same seed", async () => {
    const files = [join(place, "a.png"), join(place, "b.png")];
    for (const out of files) expect((await draw("--count", "3", "--out", out)).code).toBe(0);
    expect(readFileSync(files[0]).equals(readFileSync(files[1]))).toBe(true);
  });

  it("draws how pictures emerge, one frame before and after each step", async () => {
    const out = join(place, "frames.webp");
    await draw("--count", "1", "--class", "bars", "--out", out);
    expect((await sharp(out).metadata()).pages).toBe(3);
  });

  it("keeps what a mask keeps", async () => {
    const [mask, out] = [join(place, "mask.png"), join(place, "kept.png")];
    const black = sharp({ create: { width: 8, height: 8, channels: 3, background: "black" } });
    await black.png().toFile(mask);
    expect((await draw("--count", "1", "--from", photo, "--mask", mask, "--out", out)).code).toBe(0);
    const inside = await sharp(out).raw().toBuffer();
    expect(inside.equals(await sharp(photo).raw().toBuffer())).toBe(true);
  });
});

describe("classify", () => {
  it("names the likeliest classes", async () => {
    const { code, stdout } = await autodidact("classify", run("judge"), photo, "--top", "2", "--json");
    expect(code).toBe(0);
    const [{ classes }] = JSON.parse(stdout).results;
    expect(classes.map(({ label }: { label: string }) => label).toSorted()).toEqual(["bands", "bars"]);
    const sum = classes.reduce(
      (total: number, { probability }: { probability: number }) => total + probability,
      0,
    );
    expect(sum).toBeCloseTo(1, 5);
  });
});

describe("evaluate", () => {
  const measure = async (name: string, ...flags: string[]) => {
    const drawing = name === "flow" ? ["--samples", "30", "--steps", "2", "--features", run("judge")] : [];
    const { code, stdout, stderr } = await autodidact("evaluate", run(name), ...drawing, ...flags, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  };

  it.each(["fid", "kid", "precision-recall"])("%s says by whose features", async (metric) => {
    const found = await measure("flow", "--metric", metric);
    expect(found).toMatchObject({ metric, samples: 30, reference: "test" });
    expect(found.features).toContain("judge (resnet)");
  });

  it("of an earlier checkpoint is by the features of the judge as it is now", async () => {
    const distance = async (...flags: string[]) =>
      (await measure("flow", "--metric", "fid", ...flags)).frechetDistance;
    const judge = join(run("judge"), "checkpoints/step-000006");
    const earlier = await distance("--checkpoint", "3");
    expect(await distance("--checkpoint", "3", "--features", judge)).toBe(earlier);
    expect(await distance()).not.toBe(earlier);
  });

  it("of a classifier is its accuracy, of an encoder what neighbours say", async () => {
    expect((await measure("judge")).accuracy).toBeGreaterThan(0.3);
    expect(await measure("mae")).toMatchObject({ metric: "knn", k: 20 });
  });

  it("shows samples beside the images nearest to them", async () => {
    const out = join(place, "pairs.png");
    const { smallestDistance } = await measure("flow", "--metric", "neighbours", "--out", out);
    expect(smallestDistance).toBeGreaterThan(0);
    expect((await sharp(out).metadata()).height).toBe(2 * 8 + 3 * 2);
  });
});

describe("export", () => {
  it.each(["flow", "mae", "judge"])("%s as ONNX, and as safetensors that opens again", async (name) => {
    const [onnx, plain] = [join(place, `${name}-onnx`), join(place, `${name}-plain`)];
    const { code, stdout } = await autodidact("export", run(name), "--format", "onnx", "--out", onnx);
    expect(code).toBe(0);
    expect(stdout).toMatch(/onnx\/model\.onnx/);
    const bytes = new Uint8Array(readFileSync(join(onnx, "onnx/model.onnx")));
    const output = { flow: "prediction", mae: "image_embeds", judge: "logits" }[name]!;
    await (await nodeRuntime.load(bytes, [output])).release();
    await autodidact("export", run(name), "--format", "safetensors", "--out", plain);
    const [before, after] = [run(name), plain].map((folder) => openImageModel(openFolder(folder)));
    expect((await after).weights).toEqual((await before).weights);
  });
});

describe("refused, with nothing left behind", () => {
  beforeAll(() => mkdirSync(run("refused")));
  const file = join(place, "flow.mjs");
  const refused = (message: RegExp, ...flags: string[]) =>
    refuse(place, message, ["train", file, "--out", run("refused"), ...flags]);

  const measuring = (metric: string, ...flags: string[]) =>
    ["evaluate", run("flow"), "--metric", metric].concat(flags);

  it("an objective that does not go with the model", () =>
    refused(/objective does not go with the model/, "--objective.kind", "maskedPatches"));
  it("pictures that are not there", () => refused(/found: /, "--data.path", join(place, "nowhere")));
  it("fewer images than a batch", () => refused(/fewer images than a batch/, "--training.batchSize", "500"));
  it("a run's images, of another shape or fewer than a batch", async () => {
    await refused(
      /another shape[\s\S]*\[3,8,8\][\s\S]*\[3,4,4\]/,
      "--data.path",
      run("flow"),
      "--features.size",
      "4",
    );
    await refused(/fewer images/, "--data.path", run("flow"), "--training.batchSize", "500");
  });
  it("augmentation that shows in the first batch only, and leaves the folder free", async () => {
    await refused(/cannot be augmented/, "--features.augment.crop", "100");
  });
  it("images without classes, where there have to be some", async () => {
    const half = join(place, "half");
    for (const folder of ["train/bands", "train/bars", "test"])
      mkdirSync(join(half, folder), { recursive: true });
    for (let i = 0; i < 20; i++) {
      for (const folder of ["train/bands", "train/bars"]) {
        copyFileSync(join(pictures, folder.slice(6), `${i}.png`), join(half, folder, `${i}.png`));
      }
    }
    for (let i = 0; i < 30; i++) copyFileSync(photo, join(half, "test", `${i}.png`));
    await refuse(place, /images with a class[\s\S]*none of the 30 to validate with/, [
      ...["train", join(place, "judge.mjs"), "--out", run("refused"), "--data.path", half],
    ]);
    await refuse(place, /no classes to choose a few of each/, [
      ...["train", join(place, "flow.mjs"), "--out", run("refused")],
      ...["--data.path", join(half, "test"), "--data.labelsPerClass", "2"],
    ]);
    for (const name of ["mae", "flow"] as const) {
      expect((await train(name, run(`${name}-flat`), "--data.path", join(half, "test"))).code).toBe(0);
    }
    await refuse(place, /tell nothing without classes/, ["evaluate", run("mae-flat"), "--metric", "knn"]);
    await refuse(place, /asked for no class/, ["evaluate", run("flow-flat"), "--metric", "accuracy"]);
  });
  it("an output that is a file", () =>
    refuse(place, /found: /, ["train", join(place, "flow.mjs"), "--out", photo]));
  it("one class only", async () => {
    const one = join(place, "one", "bars");
    mkdirSync(one, { recursive: true });
    for (let i = 0; i < 30; i++) copyFileSync(photo, join(one, `${i}.png`));
    await refuse(place, /two or more/, [
      ...["train", join(place, "judge.mjs"), "--out", run("refused")],
      ...["--data.path", join(place, "one")],
    ]);
  });
  it("a picture that is none", async () => {
    const broken = join(place, "broken", "bars");
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, "a.png"), "no picture");
    await refused(/a\.png/, "--data.path", join(place, "broken"));
  });

  it.each([
    [
      /does not know this class[\s\S]*did you mean "bars"/,
      ["generate", run("flow"), "--class", "bar", "--out", "x.png"],
    ],
    [/no file to write to/, ["generate", run("flow")]],
    [
      /no meaning for this model[\s\S]*--prompt;[\s\S]*a language model/,
      ["generate", run("flow"), "--prompt", "x"],
    ],
    [/not exported like that/, ["export", run("judge"), "--format", "gguf", "--out", join(place, "no")]],
    [
      /does not generate[\s\S]*holds a classifier[\s\S]*a denoiser/,
      ["generate", run("judge"), "--out", "x.png"],
    ],
    [/does not classify[\s\S]*holds a denoiser[\s\S]*a classifier/, ["classify", run("flow"), photo]],
    [/cannot be read/, ["classify", run("judge"), join(place, "none.jpg")]],
    [/no folder/, ["generate", run("flow"), "--out", join(photo, "x.png")]],
    [/no folder .*nowhere/, ["generate", run("flow"), "--out", join(place, "nowhere", "x.png")]],
    [/number that pictures survive/, ["generate", run("flow"), "--guidance", "1e300", "--out", "x.png"]],
    [
      /not measured like that[\s\S]*a classifier[\s\S]*accuracy, knn/,
      ["evaluate", run("judge"), "--metric", "fid"],
    ],
    [/no folder .*nowhere/, measuring("neighbours", "--out", join(place, "nowhere", "x.png"))],
    [/no file to write to/, measuring("neighbours", "--out", "x.jpg")],
    [/network of the features cannot be read/, measuring("fid", "--features", join(place, "none.onnx"))],
    [/of another shape[\s\S]*\[3,16,16\].*\[3,8,8\]/, measuring("fid", "--features", run("large"))],
    [/tell these classes apart[\s\S]*x, y.*bands, bars/, measuring("accuracy", "--features", run("other"))],
  ])("%s", (message, args) => refuse(place, message, args));
});
