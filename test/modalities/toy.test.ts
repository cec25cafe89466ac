/** A modality that the command line has never seen goes through everything that it does. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { autodidactOver, temporaryFolder } from "../cli/command-line.js";
import { toy } from "./toy.js";

const place = temporaryFolder();
const run = join(place, "run");
const recipe = join(place, "line.json");
const points = join(place, "points.json");
const command = (...args: string[]) => autodidactOver([toy], ...args);

beforeAll(() => {
  writeFileSync(points, JSON.stringify(Array.from({ length: 50 }, (_, i) => [i / 50, (3 * i) / 50])));
  const values = {
    data: { format: "points", path: points },
    model: { kind: "line" },
    objective: { kind: "squaredError" },
    optimizer: { kind: "adamw", lr: 0.1, weightDecay: 0, schedule: { kind: "constant" } },
    training: { batchSize: 16, steps: 150, evaluateEvery: 50, checkpointEvery: 50 },
  };
  writeFileSync(recipe, JSON.stringify(values));
});

/** The command line over the toy as a process of its own. */
function start(...args: string[]): ChildProcess {
  const [cli, own] = ["src/cli/main.js", "test/modalities/toy.js"].map((path) => inject("built") + path);
  const script = `import { main } from "${cli}"; import { toy } from "${own}"; await main(${JSON.stringify(args)}, [toy]);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

describe("a toy modality", () => {
  it("trains from a JSON recipe, and learns", async () => {
    const { code, stdout, stderr } = await command("train", recipe, "--out", run, "--json");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/line with 1 parameters; 50 points to learn from/),
    ]);
    const { validation, bestLoss } = JSON.parse(stdout);
    expect(validation).toMatchObject({ points: 16 });
    expect(validation).not.toHaveProperty("perplexity");
    expect(bestLoss).toBeLessThan(1e-3);
    expect(readFileSync(join(run, "samples/step-000150.txt"), "utf8")).toMatch(/^slope 2\.9|^slope 3\.0/);
    expect(readFileSync(join(run, "metrics.jsonl"), "utf8")).toContain("pointsPerSecond");
  });

  it("killed and resumed it ends with the same bytes", { timeout: 60_000 }, async () => {
    const killed = join(place, "killed");
    const child = start(
      "train",
      recipe,
      "--out",
      killed,
      "--training.checkpointEvery",
      "10",
      "--training.steps",
      "100000",
    );
    while (!existsSync(join(killed, "checkpoints/latest")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGKILL");
    await once(child, "close");
    expect(existsSync(join(killed, "run.lock"))).toBe(true);
    const kept = Number(readFileSync(join(killed, "checkpoints/latest"), "utf8").slice("step-".length));
    const whole = join(place, "whole");
    const steps = ["--training.steps", String(kept + 20), "--training.checkpointEvery", "10"];
    expect((await command("train", "--resume", killed, ...steps)).code).toBe(0);
    expect((await command("train", recipe, "--out", whole, ...steps)).code).toBe(0);
    const name = `checkpoints/step-${String(kept + 20).padStart(6, "0")}/model.safetensors`;
    expect(readFileSync(join(killed, name)).equals(readFileSync(join(whole, name)))).toBe(true);
    expect(existsSync(join(killed, "run.lock"))).toBe(false);
  });

  it("a run in another process's hands is refused, and a file `stop` ends it", {
    timeout: 60_000,
  }, async () => {
    const owned = join(place, "owned");
    const child = start("train", recipe, "--out", owned, "--training.steps", "10000000");
    while (!existsSync(join(owned, "checkpoints/latest")))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const { code, stderr } = await command("train", "--resume", owned);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`error: .+\\n {2}found: .*${child.pid}[\\s\\S]*\\n {2}to do: `));
    writeFileSync(join(owned, "stop"), "");
    const [exitCode] = await once(child, "close");
    expect(exitCode).toBe(130);
    expect(readdirSync(owned)).not.toEqual(expect.arrayContaining(["stop"]));
    expect(existsSync(join(owned, "run.lock"))).toBe(false);
  });

  it("lr-find, evaluate, generate, export", async () => {
    expect(
      JSON.parse((await command("lr-find", recipe, "--from", "1e-3", "--to", "10", "--json")).stdout),
    ).toHaveProperty("suggestion");
    expect(JSON.parse((await command("evaluate", run, "--json")).stdout).slope).toBeCloseTo(3, 1);
    expect(Number((await command("generate", run, "--at", "2")).stdout)).toBeCloseTo(6, 1);
    const out = join(place, "exported");
    expect((await command("export", run, "--format", "safetensors", "--out", out)).code).toBe(0);
    expect(Number((await command("generate", out)).stdout)).toBeCloseTo(3, 1);
  });

  it("serve answers by its route", async () => {
    const child = start("serve", run, "--port", "0", "--json");
    const { url, model } = JSON.parse(String((await once(child.stdout!, "data"))[0]));
    const ask = (body: object) =>
      fetch(`${url}/v1/points`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect(((await (await ask({ model, x: 2 })).json()) as { y: number }).y).toBeCloseTo(6, 1);
    expect((await ask({ model: "other", x: 2 })).status).toBe(404);
    expect((await ask({ x: "two" })).status).toBe(400);
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([0, null]);
  });

  it("what other modalities have it has not", async () => {
    const { code, stderr } = await command("classify", run, "x.png");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/unknown command/)]);
    expect((await command("generate", run, "--prompt", "x")).stderr).toMatch(/unknown option/);
    writeFileSync(recipe.replace("line", "other"), JSON.stringify({ data: { format: "text", files: "x" } }));
    expect((await command("train", recipe.replace("line", "other"))).stderr).toMatch(
      /no known format[\s\S]*points/,
    );
  });
});

it("the toy is small, and the house names no modality", () => {
  const toyLines = readFileSync(new URL("./toy.ts", import.meta.url), "utf8").split("\n").length - 1;
  expect(toyLines).toBeLessThan(120);
  const root = new URL("../../src/", import.meta.url);
  for (const room of ["cli", "recipe", "training"]) {
    for (const file of readdirSync(new URL(`${room}/`, root), { recursive: true, encoding: "utf8" })) {
      if (!/\.\w+$/.test(file)) continue;
      const named = readFileSync(new URL(`${room}/${file}`, root), "utf8").match(
        /image|picture|pixel|speech/i,
      );
      expect(named?.[0], `${room}/${file}`).toBeUndefined();
    }
  }
});
