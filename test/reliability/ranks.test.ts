/** Processes that train a run together, one of which is killed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { autodidact, startProcess, temporaryFolder, writeTinyRecipe } from "../cli/command-line.js";

const place = temporaryFolder();
const steps = 40;
const training = { steps, microBatches: 4, evaluateEvery: 20, checkpointEvery: 8 };
const recipe = writeTinyRecipe(place, training);
const folder = (name: string) => join(place, name);

const textOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const linesOf = (run: string) => textOf(join(run, "metrics.jsonl")).split("\n").filter(Boolean);

/** What must not differ: every loss, and the weights of the last step. */
function traces(run: string) {
  const losses = linesOf(run).map((line) => {
    const { step, loss, gradientNorm, validationLoss } = JSON.parse(line);
    return { step, loss, gradientNorm, validationLoss };
  });
  const weights = readFileSync(join(run, "checkpoints", `step-0000${steps}`, "model.safetensors"));
  return { losses, sha256: createHash("sha256").update(weights).digest("hex") };
}

/** The processes of this rank among all that run. */
function processesOf(rank: number, run: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [command, environment] = ["cmdline", "environ"].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0"),
        );
        return command.includes(run) && environment.includes(`RANK=${rank}`);
      } catch {
        return false; // it has ended, or is somebody else's
      }
    })
    .map(Number);
}

describe.runIf(process.platform === "linux")("train --ranks", () => {
  it("ends in the bits of one process, through a kill and a change of their number", async () => {
    const [one, two] = [folder("one"), folder("two")];
    expect(await autodidact("train", recipe, "--out", one)).toMatchObject({ code: 0 });

    const { end } = startProcess(["train", recipe, "--ranks", "2", "--out", two]);
    let isOver = false;
    void end.then(() => {
      isOver = true;
    });
    while (!isOver && linesOf(two).length < 12) await sleep(5);
    for (const pid of processesOf(1, two)) process.kill(pid, "SIGKILL");
    const { code, stderr } = await end;
    expect(stderr).toContain("2 ranks; the same bits as by one");
    expect(stderr).toMatch(/cannot go on together\n.*found: rank 1 on .*: its connection has ended/);
    expect(stderr).toContain("rank 1: ended by SIGKILL");
    expect(code).toBe(1);

    expect(JSON.parse(linesOf(two).at(-1)!)).toHaveProperty("slowestRank");

    expect(await autodidact("train", "--resume", two)).toMatchObject({ code: 0 });
    expect(traces(two)).toEqual(traces(one));
  });

  it("refuses ranks that cannot share a step, and leaves nothing", async () => {
    const run = folder("uneven");
    const args = ["train", recipe, "--training.microBatches", "3", "--ranks", "2", "--out", run];
    const { code, stderr } = await startProcess(args).end;
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: ranks have to share[\s\S]*microBatches 3, 2 ranks/);
    expect(existsSync(run)).toBe(false);
  });
});
