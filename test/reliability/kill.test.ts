/** A run that is killed, again and again, ends in the bits of one that never was. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { chatMl, chatMlTokens } from "../../src/features/chat/chat-template.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../src/features/tokenizer/special-tokens.js";
import { autodidact, startProcess, temporaryFolder, writeTinyRecipe } from "../cli/command-line.js";
import { finetuneRecipe, writeFile, writePretrained } from "../finetuning.js";

const place = temporaryFolder();
const steps = 160;
// Much text, so that its preparation takes a while; evaluated on a little of it, and saved often.
const training = { steps, evaluateEvery: 40, evaluationBatches: 4, checkpointEvery: 8, keepCheckpoints: 2 };
const recipe = writeTinyRecipe(place, training, 30_000);
const random = randomStream(7, "kills");

const text = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const loggedSteps = (run: string) => text(join(run, "metrics.jsonl")).split("\n").length - 1;
const namesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);

/** What must not differ: every loss, train and validation, and the weights of the last step. */
function traces(run: string) {
  const losses = text(join(run, "metrics.jsonl"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .map(({ step, loss, gradientNorm, validationLoss }) => ({ step, loss, gradientNorm, validationLoss }));
  const name = `step-${String(steps).padStart(6, "0")}`;
  const weights = readFileSync(join(run, "checkpoints", name, "model.safetensors"));
  return { losses, sha256: createHash("sha256").update(weights).digest("hex") };
}

/** Runs the command until `isTime`, then sends the signal; throws when it ends before. */
async function interrupt(args: string[], isTime: () => boolean, signal: NodeJS.Signals = "SIGKILL") {
  const { child, end } = startProcess(args);
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  while (!isOver && !isTime()) await sleep(1);
  child.kill(signal);
  const result = await end;
  if (isOver && result.signal !== signal && signal === "SIGKILL") {
    throw new Error(`it ended before it was killed: ${result.stderr}`);
  }
  return result;
}

async function finish(run: string) {
  const { code, stderr } = await autodidact("train", "--resume", run);
  expect(stderr).toContain("all steps taken");
  expect(code).toBe(0);
}

/** The moment when a run has logged `step`, and a few milliseconds more. */
function atStep(run: string, step: number): () => boolean {
  const delayMs = random.integer(8);
  let since: number | undefined;
  return () => {
    if (since === undefined && loggedSteps(run) >= step) since = performance.now();
    return since !== undefined && performance.now() - since >= delayMs;
  };
}

/** The moment when a checkpoint after `step` is half written. */
const saving = (run: string, step: number) => () =>
  loggedSteps(run) >= step &&
  namesIn(join(run, "checkpoints")).some((name) => name.startsWith("partial-") && !name.includes("000008"));

let whole: ReturnType<typeof traces>;
beforeAll(async () => {
  const run = join(place, "whole");
  const { code } = await autodidact("train", recipe, "--out", run);
  expect(code).toBe(0);
  whole = traces(run);
  expect(whole.losses.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
}, 60_000);

describe("SIGKILL", () => {
  it("while the data are prepared, in steps and in checkpoints", { timeout: 180_000 }, async () => {
    const run = join(place, "killed");
    const resume = ["train", "--resume", run];
    const isPreparing = () =>
      existsSync(join(run, "recipe.json")) && !existsSync(join(run, "data/validation/index.json"));
    await interrupt(["train", recipe, "--out", run], isPreparing);
    expect(existsSync(join(run, "data/validation/index.json"))).toBe(false);

    await interrupt(resume, atStep(run, 1 + random.integer(6))); // before the first checkpoint
    expect(namesIn(join(run, "checkpoints"))).not.toContain("latest");
    await interrupt(resume, saving(run, 12));
    expect(namesIn(join(run, "checkpoints")).some((name) => name.startsWith("partial-"))).toBe(true);
    await interrupt(resume, atStep(run, 30 + random.integer(30)));
    await interrupt(resume, saving(run, 70));
    await interrupt(resume, atStep(run, 80 + random.integer(60)));

    await finish(run);
    expect(traces(run)).toEqual(whole);
    expect(namesIn(join(run, "checkpoints")).filter((name) => name.startsWith("partial-"))).toEqual([]);
  });

  it("before anything is written: resuming says what to do, starting again works", {
    timeout: 60_000,
  }, async () => {
    const run = join(place, "early");
    let looks = 0;
    await interrupt(["train", recipe, "--out", run], () => looks++ > 20);
    expect(existsSync(run)).toBe(false);
    const { code, stderr } = await autodidact("train", "--resume", run);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /no run to continue\n {2}found: .*empty or not there\n {2}to do: .*start it again/,
    );
    const { code: second } = await autodidact("train", recipe, "--out", run, "--training.steps", "2");
    expect(second).toBe(0);
  });
});

describe("Ctrl-C", () => {
  it("finishes the step, saves, says how to resume", { timeout: 60_000 }, async () => {
    const run = join(place, "stopped");
    const stopped = await interrupt(["train", recipe, "--out", run, "--json"], atStep(run, 50), "SIGINT");
    expect([stopped.code, stopped.signal]).toEqual([130, null]);
    expect(stopped.stderr).toMatch(/finishing the step and saving; Ctrl-C again to quit at once/);
    expect(stopped.stderr).toMatch(/resume: npx autodidact train --resume \S*stopped\n$/);
    const summary = JSON.parse(stopped.stdout);
    expect(summary.reason).toBe("interrupted");
    expect(loggedSteps(run)).toBe(summary.steps);
    expect(text(join(run, "checkpoints/latest"))).toBe(summary.checkpoint);
    await finish(run);
    expect(traces(run)).toEqual(whole);
  });

  it("while the model answers what it is to learn from, keeps the answers", { timeout: 60_000 }, async () => {
    const [from, run] = [join(place, "speaker"), join(place, "answering")];
    const tokens = addSpecialTokens(byteTokenizer({ specialTokens: ["<|endoftext|>"] }), chatMlTokens, {
      chatTemplate: chatMl,
    });
    await writePretrained(from, tokens);
    const tasks = Array.from({ length: 200 }, (_, i) => ({ prompt: `${i}?`, answer: 1 }));
    const answers = { reward: "words", perTask: 16, maxTokens: 12 } as const;
    const recipe = finetuneRecipe(from, "preferences", writeFile(place, "tasks.jsonl", tasks), {
      data: { format: "tasks" },
      objective: { kind: "dpo", answers },
    });
    writeFileSync(join(place, "ranked.json"), JSON.stringify(recipe));
    const answered = () => text(join(run, "data/ranked.jsonl"));
    const args = ["train", join(place, "ranked.json"), "--out", run];
    const stopped = await interrupt(args, () => answered().length > 0, "SIGINT");
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/resume: npx autodidact train --resume \S*answering\n$/);
    const kept = answered();
    expect(kept.split("\n").length).toBeLessThan(tasks.length);
    await finish(run);
    expect(answered().startsWith(kept)).toBe(true);
    expect(answered().split("\n").length - 1).toBe(tasks.length);
  });

  // The second signal has to arrive before the save is done.
  it("twice quits at once", { timeout: 60_000, retry: 2 }, async () => {
    const run = join(place, `quit-${Date.now()}`);
    const flags = ["--training.batchSize", "128", "--training.evaluateEvery", "1"];
    const { child, end } = startProcess(["train", recipe, "--out", run, ...flags]);
    child.stderr!.on("data", (told: string) => {
      if (told.includes("Ctrl-C again")) child.kill("SIGINT");
    });
    while (loggedSteps(run) < 2 && child.exitCode === null) await sleep(1);
    child.kill("SIGINT");
    expect((await end).signal).toBe("SIGINT");
  });
});
