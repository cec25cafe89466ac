/** A run that is asked to end finishes its step and saves, whoever asks. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, it, onTestFinished } from "vitest";
import { type Ended, run, start, writeRecipe } from "./project.js";

const project = inject("project");
const program = join(project, "node_modules/autodidact/bin/autodidact.mjs");

/** Starts a run without end, sends the signal to what was started once a step is logged, and waits for its end. */
async function interrupted(
  name: string,
  command: string,
  first: string[],
  signal: NodeJS.Signals,
): Promise<Ended> {
  const folder = join(project, name);
  writeRecipe(folder, 1_000_000);
  const { child, end } = start(command, [...first, "train", "my-recipe.ts", "--out", "run"], { cwd: folder });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const metrics = join(folder, "run/metrics.jsonl");
  while (!existsSync(metrics) && child.exitCode === null) await sleep(20);
  child.kill(signal);
  const ended = await end;
  const steps = readFileSync(metrics, "utf8").trimEnd().split("\n").length;
  const latest = readFileSync(join(folder, "run/checkpoints/latest"), "utf8");
  expect(latest, ended.stderr).toBe(`step-${String(steps).padStart(6, "0")}`);
  const more = ["train", "--resume", "run", "--training.steps", String(steps + 1), "--json"];
  expect(JSON.parse(await run(process.execPath, [program, ...more], folder))).toMatchObject({
    steps: steps + 1,
  });
  return ended;
}

it("TERM", async () => {
  expect(await interrupted("term", process.execPath, [program], "SIGTERM")).toMatchObject({ code: 130 });
});

it("a closed terminal", async () => {
  expect(await interrupted("hup", process.execPath, [program], "SIGHUP")).toMatchObject({ signal: "SIGHUP" });
});

// npx hands TERM to the shell that it has started, which ends without handing it on.
it("TERM to npx", async () => {
  const { stderr } = await interrupted("npx", "npx", ["autodidact"], "SIGTERM");
  expect(stderr).toContain("finishing the step and saving");
});
