/** What holds for models of every kind: names on the Hub, exported folders, recipes that say how to draw, routes. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { FakeHub } from "../fake-hub.js";
import { makeClassifier, makeEncoder, makePictures } from "../pictures.js";
import { post } from "../serving/start.js";
import { autodidact, startProcess, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const pictures = join(place, "pictures");
const photo = join(pictures, "bars", "0.png");
const [encoder, judge] = [join(place, "encoder"), join(place, "judge")];
const drawn = join(place, "runs", "drawn");
const recipePath = join(place, "drawn.json");
let hub: FakeHub;

const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

const recipe = {
  data: { format: "images", path: pictures, validationFraction: 0.25 },
  features: { kind: "pixels" },
  model: { kind: "dit", patchSize: 4, embedWidth: 16, numLayers: 1, numHeads: 2 },
  objective: { kind: "flowMatching" },
  optimizer: { kind: "adamw", lr: 3e-3, schedule: { kind: "constant" } },
  training: { batchSize: 8, steps: 4, evaluateEvery: 2, checkpointEvery: 4 },
  generation: { count: 3, steps: 2, guidance: 1.5 },
};

let trained: { validation: Record<string, unknown> };
beforeAll(async () => {
  await makePictures(pictures, { size: 8, perClass: 20 });
  await makeEncoder(encoder);
  await makeClassifier(judge, 8, ["bands", "bars"]);
  hub = await FakeHub.start({
    "acme/judge": { files: filesOf(judge) },
    "acme/encoder": { files: filesOf(encoder), revisions: ["v1"] },
  });
  vi.stubEnv("HF_ENDPOINT", hub.endpoint);
  vi.stubEnv("HF_HUB_CACHE", join(place, "cache"));
  writeFileSync(recipePath, JSON.stringify(recipe));
  const { code, stdout, stderr } = await autodidact("train", recipePath, "--out", drawn, "--json");
  expect(code, stderr).toBe(0);
  trained = JSON.parse(stdout);
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

describe("a name on the Hub", () => {
  it("is classified by, and measured with images that are given", async () => {
    const { code, stdout, stderr } = await autodidact("classify", "acme/judge", photo, "--json");
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).results[0].classes).toHaveLength(2);
    const measured = await autodidact("evaluate", "acme/judge", "--data", pictures, "--mirrored", "--json");
    expect(JSON.parse(measured.stdout)).toMatchObject({ metric: "accuracy", images: 40 });
    await refuse(place, /no images to measure[\s\S]*no run[\s\S]*--data/, ["evaluate", "acme/judge"]);
  });

  it("is what an image model starts from, at a revision", async () => {
    const probe = {
      ...recipe,
      model: { kind: "pretrained", from: "acme/encoder", revision: "v1", lora: { rank: 2, alpha: 4 } },
      objective: { kind: "crossEntropy" },
    };
    const path = join(place, "probe.json");
    writeFileSync(path, JSON.stringify(probe));
    const out = join(place, "probe");
    const { code, stderr } = await autodidact("train", path, "--out", out, "--training.recompute");
    expect(code, stderr).toBe(0);
    expect(hub.seen.some(({ path }) => path.includes("v1"))).toBe(true);
    // The adapter is merged: what was trained opens as any classifier does.
    expect((await autodidact("classify", out, photo)).code).toBe(0);
    const more = await autodidact("train", "--resume", out, "--training.steps", "6");
    expect(more.code, more.stderr).toBe(0);
  });
});

it("an exported folder is drawn with, classified by and measured as its run is", async () => {
  const out = join(place, "exported");
  await autodidact("export", drawn, "--format", "safetensors", "--out", out);
  const [own, exported] = [join(place, "own.png"), join(place, "exported.png")];
  for (const [model, file] of [
    [drawn, own],
    [out, exported],
  ]) {
    expect((await autodidact("generate", model, "--out", file)).code).toBe(0);
  }
  expect(readFileSync(own).equals(readFileSync(exported))).toBe(true);
  const flags = ["--data", pictures, "--features", judge, "--samples", "24", "--json"];
  const measured = JSON.parse((await autodidact("evaluate", out, ...flags)).stdout);
  expect(measured).toMatchObject({ metric: "fid", samples: 24, images: 40 });
});

describe("drawing", () => {
  it("logs no perplexity, and counts images", () => {
    expect(trained.validation.images).toBeGreaterThan(0);
    expect(trained.validation).not.toHaveProperty("perplexity");
    expect(trained.validation).not.toHaveProperty("tokens");
    const log = readFileSync(join(drawn, "metrics.jsonl"), "utf8");
    expect(log).not.toContain("perplexity");
    expect(log).toContain('"learningRate":0.003');
  });

  it("is by the recipe's count and guidance where no flag says otherwise", async () => {
    const { stdout } = await autodidact("generate", drawn, "--out", join(place, "usual.png"), "--json");
    expect(JSON.parse(stdout)).toMatchObject({ count: 3, steps: 2, guidance: 1.5 });
  });

  it("gives one picture alone, and several into a folder", async () => {
    const single = join(place, "single.png");
    await autodidact("generate", drawn, "--count", "1", "--out", single);
    expect(await sharp(single).metadata()).toMatchObject({ width: 8, height: 8 });
    const folder = join(place, "singles/");
    expect((await autodidact("generate", drawn, "--class", "bars", "--out", folder)).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["1-bars.png", "2-bars.png", "3-bars.png"]);
  });

  it("refuses flags without effect", async () => {
    const out = ["--out", join(place, "x.png")];
    await refuse(place, /strength would have no effect/, ["generate", drawn, "--strength", "0.5", ...out]);
    await refuse(place, /nothing is written/, ["evaluate", drawn, "--metric", "fid", ...out]);
  });
});

it("classify takes a folder, and tells of the good pictures beside a bad one", async () => {
  const folder = join(place, "mixed");
  await makePictures(folder, { perClass: 2 });
  writeFileSync(join(folder, "notes.txt"), "no picture");
  const { code, stdout, stderr } = await autodidact("classify", judge, folder, "--json");
  expect([code, JSON.parse(stdout).results.length]).toEqual([0, 4]);
  expect(stderr).toMatch(/left out: 1 files of other kinds, such as .*notes\.txt/);
  writeFileSync(join(folder, "broken.png"), "no picture");
  const broken = await autodidact("classify", judge, folder);
  expect(broken.code).toBe(1);
  expect(broken.stdout.trim().split("\n")).toHaveLength(4);
  expect(broken.stderr).toMatch(/error: [\s\S]*broken\.png/);
});

it("a refused run leaves no folder behind", async () => {
  const out = join(place, "runs", "never");
  for (const flags of [
    ["--training.batchSize", "500"],
    ["--model.embedWidth", "10"],
    ["--features.augment.crop", "100"],
    ["--objective.kind", "ntXent", "--training.batchSize", "1"],
  ]) {
    expect((await autodidact("train", recipePath, "--out", out, ...flags)).code, flags.join(" ")).toBe(1);
    expect(existsSync(out), flags.join(" ")).toBe(false);
  }
});

it("one picture can be learned by heart: it validates with itself, and says so", async () => {
  const folder = join(place, "one");
  await makePictures(folder, { perClass: 1 });
  const flags = ["--data.path", join(folder, "bars"), "--training.batchSize", "1"];
  const { code, stderr } = await autodidact("train", recipePath, "--out", join(place, "heart"), ...flags);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/too few images to hold some out/)]);
});

describe("serve", () => {
  async function serving<T>(model: string, use: (url: string, name: string) => Promise<T>): Promise<T> {
    const { child, end } = startProcess(["serve", model, "--port", "0", "--json"]);
    try {
      const printed = await new Promise<string>((resolve, reject) => {
        child.stdout!.once("data", (text) => resolve(String(text)));
        void end.then(({ stderr }) => reject(new Error(stderr)));
      });
      const { url, model: name } = JSON.parse(printed);
      return await use(url, name);
    } finally {
      child.kill("SIGKILL");
      await end;
    }
  }

  it("draws as OpenAI's clients ask", { timeout: 60_000 }, () =>
    serving(drawn, async (url, model) => {
      const { default: OpenAI } = await import("openai");
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "none" });
      expect((await client.models.list()).data.map(({ id }) => id)).toEqual([model]);
      const { data } = await client.images.generate({
        model,
        prompt: "bars",
        n: 2,
        response_format: "b64_json",
      });
      for (const { b64_json } of data!) {
        expect(await sharp(Buffer.from(b64_json!, "base64")).metadata()).toMatchObject({
          width: 8,
          height: 8,
        });
      }
      expect(data).toHaveLength(2);
      const asked = post(`${url}/v1/images/generations`, { model, prompt: "cat" });
      const { error } = (await (await asked).json()) as { error: { message: string } };
      expect([(await asked).status, error.message]).toEqual([
        400,
        expect.stringMatching(/know this class.*bands, bars/),
      ]);
      expect((await post(`${url}/v1/images/generations`, { prompt: "bars", size: "512x512" })).status).toBe(
        400,
      );
      expect((await post(`${url}/v1/chat/completions`, {})).status).toBe(404);
    }),
  );

  it("tells classes, whatever the model is called", { timeout: 60_000 }, () =>
    serving(judge, async (url, model) => {
      const image = readFileSync(photo).toString("base64");
      const answer = await post(`${url}/v1/images/classify`, { model, image, top: 1 });
      const { classes } = (await answer.json()) as { classes: { label: string }[] };
      expect(classes).toHaveLength(1);
      const bad = await post(`${url}/v1/images/classify`, { image: "bm9uZQ==" });
      expect(bad.status).toBe(400);
    }),
  );

  it("says so in three parts where a model has no route, or is unknown", async () => {
    await refuse(place, /nothing to serve[\s\S]*masked autoencoder[\s\S]*a denoiser/, ["serve", encoder]);
    const odd = join(place, "odd");
    await autodidact("export", drawn, "--format", "safetensors", "--out", odd);
    writeFileSync(join(odd, "config.json"), '{ "model_type": "mamba" }');
    await refuse(place, /cannot be opened[\s\S]*"mamba"[\s\S]*gpt2, llama, qwen2, qwen3.*vit_mae/, [
      "serve",
      odd,
    ]);
  });
});
