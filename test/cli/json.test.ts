/** With --json there is one JSON value on standard output and nothing else. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";
import { autodidact, temporaryFolder, wordyText, writeTinyRecipe } from "./command-line.js";

const place = temporaryFolder();
const recipe = writeTinyRecipe(place);
const run = join(place, "run");

/** What a successful command prints, parsed. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await autodidact(...args, "--json");
  expect([code, stderr]).toEqual([0, expect.not.stringContaining("error")]);
  expect(stdout.trimEnd()).not.toContain("\n");
  return JSON.parse(stdout);
}

let trained: Awaited<ReturnType<typeof json>>;
beforeAll(async () => {
  trained = await json("train", recipe, "--out", run);
}, 60_000);

it("train", () => {
  expect(trained).toMatchObject({ reason: "steps", steps: 12, checkpoint: "step-000012" });
  expect(trained.run).toContain("run");
  expect(trained.validation.loss).toBeLessThan(Math.log(20));
  expect(trained.bestLoss).toBe(trained.validation.loss);
});

it("a run keeps recipe, logs, samples and checkpoints in its folder", () => {
  const names = ["checkpoints", "data", "metrics.jsonl", "recipe.json", "samples"];
  expect(readdirSync(run)).toEqual(expect.arrayContaining(names));
  expect(readdirSync(join(run, "samples"))).toEqual(["step-000006.txt", "step-000012.txt"]);
});

it("train --resume of a run that is done", async () => {
  expect(await json("train", "--resume", run)).toMatchObject({ reason: "steps", steps: 12 });
});

it("evaluate: the run's own split is what training measured", async () => {
  const own = await json("evaluate", run);
  expect(own.loss).toBeCloseTo(trained.validation.loss, 5);
  expect(own.perplexity).toBeCloseTo(Math.exp(own.loss), 8);
  expect(own.tokens).toBe(trained.validation.tokens);
});

it("evaluate: another text, by any batch size, best or latest", async () => {
  const text = join(place, "held-out.txt");
  writeFileSync(text, wordyText(20));
  const whole = await json("evaluate", run, "--data", text);
  const single = await json("evaluate", run, "--data", text, "--batch-size", "1", "--checkpoint", "best");
  expect(single.loss).toBeCloseTo(whole.loss, 5);
  // One character is one byte here.
  expect(whole.bitsPerByte).toBeCloseTo(whole.loss / Math.LN2, 8);
});

it("generate: the same seed, the same text", async () => {
  const flags = ["--prompt", "the", "--prompt", "a", "--max-tokens", "12", "--seed", "3"];
  const [first, again] = [await json("generate", run, ...flags), await json("generate", run, ...flags)];
  expect(first.results).toHaveLength(2);
  expect(first.results[0]).toMatchObject({ prompt: "the", tokenCount: 12, finishReason: "length" });
  expect(again.results).toEqual(first.results);
});

it("generate without --json prints the prompt and its continuation alone", async () => {
  const { code, stdout } = await autodidact("generate", run, "--prompt", "the", "--max-tokens", "5");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^the[\s\S]{5}\n$/);
});

it("lr-find, which leaves nothing behind", async () => {
  const temporary = join(place, "temporary");
  mkdirSync(temporary);
  vi.stubEnv("TMPDIR", temporary);
  const found = await json("lr-find", recipe, "--from", "1e-4", "--to", "1", "--steps", "20");
  vi.unstubAllEnvs();
  expect(found.points[0].lr).toBeCloseTo(1e-4, 10);
  expect(found.suggestion).toBeGreaterThanOrEqual(1e-4);
  expect(found.suggestion).toBeLessThanOrEqual(1);
  expect(readdirSync(temporary)).toEqual([]);
  expect(existsSync("runs/tiny")).toBe(false);
});
