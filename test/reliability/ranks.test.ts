/** Processes that train a run together, one of which is killed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { autodidact, startProcess, temporaryFolder, writeTinyRecipe } from "../cli/command-line.js";
import { hasMpi, mpirun } from "../mpi/mpirun.js";

const place = temporaryFolder();
const steps = 64;
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

/** The processes of a rank of this run, which `variable` names, among all that run. */
function processesOf(variable: string, run: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [command, environment] = ["cmdline", "environ"].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0"),
        );
        return command.includes(run) && environment.includes(variable);
      } catch {
        return false; // it has ended, or is somebody else's
      }
    })
    .map(Number);
}

/** Kills a rank, which `variable` names, each time that the run has come so far. */
async function killed(
  end: Promise<{ code: number | null; stderr: string }>,
  variable: string,
  run: string,
  atSteps: readonly number[],
) {
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  for (const steps of atSteps) {
    while (!isOver && linesOf(run).length < steps) await sleep(5);
    for (const pid of processesOf(variable, run)) process.kill(pid, "SIGKILL");
  }
  return end;
}

describe.runIf(process.platform === "linux")("training by several ranks", () => {
  const one = folder("one");
  beforeAll(async () => {
    expect(await autodidact("train", recipe, "--out", one)).toMatchObject({ code: 0 });
  });

  it("ends in the bits of one process, through kills, a restart and a change of their number", async () => {
    const two = folder("two");
    const { end } = startProcess(["train", recipe, "--ranks", "2", "--restarts", "1", "--out", two]);
    const { code, stderr } = await killed(end, "RANK=1", two, [12, 40]);
    expect(stderr).toContain("2 ranks by TCP\n");
    expect(stderr).toMatch(/cannot go on together\n.*found: rank 1 on .*: its connection has ended/);
    expect(stderr.match(/rank 1: ended by SIGKILL/g)).toHaveLength(2);
    expect(stderr).toContain("starting 2 ranks again from the last checkpoint; 0 times left after that");
    expect(code).toBe(1);

    expect(JSON.parse(linesOf(two).at(-1)!)).toHaveProperty("slowestRank");

    expect(await autodidact("train", "--resume", two)).toMatchObject({ code: 0 });
    expect(traces(two)).toEqual(traces(one));
  });

  it.skipIf(!hasMpi("openmpi"))("does so by MPI", async () => {
    const [run, program] = [folder("mpi"), inject("program")];
    const end = mpirun("openmpi", 2, [program, "train", recipe, "--out", run]);
    const { code, stderr } = await killed(end, "OMPI_COMM_WORLD_RANK=1", run, [12]);
    expect(stderr).toMatch(/2 ranks by Open MPI [\d.]+\n/);
    // mpirun may end the others before they can tell.
    expect(stderr).toMatch(/found: rank 1 on|process rank 1 .* exited on signal 9/);
    expect(code).not.toBe(0);

    expect(await mpirun("openmpi", 2, [program, "train", "--resume", run])).toMatchObject({ code: 0 });
    expect(traces(run)).toEqual(traces(one));
  });

  it("comes together every so many steps where ranks learn apart", async () => {
    const run = folder("apart");
    const diloco = ["--training.distributed.kind", "diloco", "--training.distributed.every", "8"];
    const args = ["train", recipe, ...diloco, "--training.evaluateEvery", "16", "--training.steps", "20"];
    const { code, stderr } = await startProcess([...args, "--ranks", "2", "--out", run]).end;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("ranks come together every 8 steps; what is learned depends on their number, 2");
    const lines = linesOf(run).map((line) => JSON.parse(line));
    expect(lines).toHaveLength(20);
    expect(lines[19].validationLoss).toBeLessThan(lines[15].validationLoss);
    // One rank goes on with it, and averages with nobody.
    expect(await autodidact("train", "--resume", run, "--training.steps", "24")).toMatchObject({ code: 0 });

    const bad = await autodidact(
      "train",
      recipe,
      ...diloco,
      "--training.evaluateEvery",
      "20",
      "--out",
      folder("bad"),
    );
    expect(bad.stderr).toMatch(/evaluateEvery 20, checkpointEvery 8, distributed\.every 8/);
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
