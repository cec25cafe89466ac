import { fromBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  loggedLosses,
  shapeOf,
  shardsOf,
  stopAfter,
  type TinyOptions,
  tinyData,
  tinyModel,
  tinyTokens,
  tinyTrainer,
  train,
} from "../../test/tiny.js";
import { IGNORED_TARGET, tokenWindows } from "../data/text/batches.js";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { adamw } from "../optim/adamw.js";
import { muon } from "../optim/muon.js";
import { sgd } from "../optim/sgd.js";
import { readName } from "./checkpoint.js";
import { EventSchema } from "./event_pb.js";
import { DivergenceError, type EvaluationProgress, type Summary } from "./loop.js";
import { MetricsLog } from "./metrics.js";
import { readRecords } from "./tfrecord.js";

const checkpointsOf = async (run: Folder) =>
  (await run.list("checkpoints")).filter((name) => name.startsWith("step-"));

const weightsIn = async (run: Folder, checkpoint: string) =>
  Buffer.from(await run.read(`checkpoints/${checkpoint}/model.safetensors`)).toString("base64");

const small = { vocabSize: 23, contextLength: 16, numLayers: 1, numHeads: 2, width: 16 };
const kinds: [string, TinyOptions][] = [
  ["adamw", {}],
  ["muon with an average", { optimizer: muon({ lr: 1e-2 }), averageDecay: 0.9 }],
  ["sgd over micro-batches", { optimizer: sgd({ lr: 1e-1, nesterov: true }), microBatches: 2 }],
  [
    "llama, each layer computed again",
    { model: llama({ ...small, hiddenWidth: 32, qkNorm: true }), recomputeLayers: true },
  ],
  ["products in int8", { model: gpt2({ ...small, width: 128 }), batchSize: 8, products: "int8" }],
  [
    "products in int8, each layer computed again",
    { model: gpt2({ ...small, width: 128 }), batchSize: 8, products: "int8", recomputeLayers: true },
  ],
];

describe.each(kinds)("a run that was stopped and resumed: %s", (_, options) => {
  const model = options.model ?? tinyModel();
  const whole = memoryFolder("whole");
  let summary: Summary;
  beforeAll(async () => {
    summary = await train(whole, await tinyTrainer(options), {}, model);
  });

  it("ends in the bits of one that was not", async () => {
    const parted = memoryFolder("parted");
    const first = await train(parted, await tinyTrainer(options), stopAfter(5), model);
    expect([first.reason, first.steps, first.checkpoint]).toEqual(["interrupted", 5, "step-000005"]);
    const trainer = await tinyTrainer(options);
    const second = await train(parted, trainer, {}, model);
    expect(second).toMatchObject({
      reason: "steps",
      steps: 12,
      loss: summary.loss,
      bestLoss: summary.bestLoss,
    });
    expect(await loggedLosses(parted)).toEqual(await loggedLosses(whole));
    expect(await weightsIn(parted, "step-000012")).toBe(await weightsIn(whole, "step-000012"));
  });

  it("goes on from the last checkpoint when it was cut off between two", async () => {
    const broken = memoryFolder("broken");
    const onStep = ({ step }: { step: number }) => {
      if (step === 8) throw new Error("power");
    };
    await expect(train(broken, await tinyTrainer(options), { onStep }, model)).rejects.toThrow("power");
    expect(await readName(broken, "latest")).toBe("step-000006");
    await train(broken, await tinyTrainer(options), {}, model);
    expect(await loggedLosses(broken)).toEqual(await loggedLosses(whole));
    expect(await weightsIn(broken, "step-000012")).toBe(await weightsIn(whole, "step-000012"));
  });
});

describe("the logs of a resumed run", () => {
  it("hold each step once", async () => {
    const run = memoryFolder();
    await train(run, await tinyTrainer(), stopAfter(5));
    await run.append("metrics.jsonl", '{"step":6,"loss":1}\n{"step":7,"lo');
    await train(run, await tinyTrainer());
    const steps = Array.from({ length: 12 }, (_, i) => i + 1);
    expect((await loggedLosses(run)).map(({ step }) => step)).toEqual(steps);
    const boards = (await run.list("")).filter((name) => name.startsWith("events."));
    const drawn: number[] = [];
    for (const name of boards) {
      for (const record of readRecords(await run.read(name))) {
        const event = fromBinary(EventSchema, record);
        if (event.what.case === "summary") drawn.push(Number(event.step));
      }
    }
    expect(drawn).toEqual(steps);
  });

  it("a run that is done does nothing more", async () => {
    const run = memoryFolder();
    await train(run, await tinyTrainer());
    const before = await loggedLosses(run);
    const trainer = await tinyTrainer();
    const step = vi.spyOn(trainer, "step");
    expect(await train(run, trainer)).toMatchObject({
      reason: "steps",
      steps: 12,
      checkpoint: "step-000012",
    });
    expect(step).not.toHaveBeenCalled();
    expect(await loggedLosses(run)).toEqual(before);
  });

  it("more steps than before go on from the end", async () => {
    const run = memoryFolder();
    await train(run, await tinyTrainer());
    expect((await train(run, await tinyTrainer(), { steps: 14 })).steps).toBe(14);
    expect(await loggedLosses(run)).toHaveLength(14);
  });
});

describe("what is logged", () => {
  const keysOf = async (run: Folder) => Object.keys((await new MetricsLog(run).read()).at(-1)!);
  const eachStep = ["step", "loss", "dataWaitMs", "gradientNorm", "learningRateFactor", "learningRate"];

  it("a language model: perplexity and bits a byte; the rate and the schedule's factor on it", async () => {
    const run = memoryFolder();
    const { validation } = await train(run, await tinyTrainer());
    const evaluated = ["validationLoss", "perplexity", "bitsPerByte"];
    expect(await keysOf(run)).toEqual([...eachStep, "tokensPerSecond", ...evaluated]);
    expect(validation!.counts).toEqual({ tokens: 64 });
    for (const record of await new MetricsLog(run).read()) {
      expect(record.learningRate).toBe(1e-2 * (record.learningRateFactor as number));
    }
  });

  it("another task, whose loss is no likelihood: what it counts, and no perplexity", async () => {
    const run = memoryFolder();
    const trainer = await tinyTrainer();
    const silent = { ...trainer.evaluation, counts: "moves", report: undefined };
    const task = { ...trainer.task, unit: "games" };
    const { validation } = await train(run, { ...trainer, task, evaluation: silent });
    expect(await keysOf(run)).toEqual([...eachStep, "gamesPerSecond", "validationLoss"]);
    expect(validation!.counts).toEqual({ moves: 64 });
  });
});

it("a validation set in which nothing counts is no number, and no divergence", async () => {
  const run = memoryFolder();
  const trainer = await tinyTrainer();
  const targets = new Int32Array(32).fill(IGNORED_TARGET);
  async function* validation() {
    yield { inputs: new Int32Array(32), targets };
  }
  const data = { ...tinyData(trainer), validation };
  const onEvaluation = vi.fn();
  const summary = await train(run, trainer, { data, onEvaluation, targetLoss: 1, patience: 1 });
  expect(summary).toMatchObject({ reason: "steps", validation: undefined, bestLoss: undefined });
  expect(onEvaluation).not.toHaveBeenCalled();
  for (const record of await new MetricsLog(run).read()) expect(record).not.toHaveProperty("validationLoss");
});

describe("a run that is asked to end while it evaluates", () => {
  /** Ctrl-C in the evaluation after a step, at a batch. */
  function stopAt(at: number, batches: number) {
    const stop = new AbortController();
    const onEvaluationProgress = vi.fn((progress: EvaluationProgress) => {
      if (progress.step === at && progress.batches === batches) stop.abort();
    });
    return { signal: stop.signal, onEvaluationProgress };
  }
  const logged = async (run: Folder) =>
    (await new MetricsLog(run).read()).map(({ step, loss, validationLoss }) => ({
      step,
      loss,
      validationLoss,
    }));

  it.each([4, 12])(
    "at step %d loses no step, logs no number, and evaluates first when resumed",
    async (at) => {
      const [whole, parted] = [memoryFolder(), memoryFolder()];
      const summary = await train(whole, await tinyTrainer(), { checkpointEvery: 100 });
      const stop = stopAt(at, 1);
      const onEvaluation = vi.fn();
      const first = await train(parted, await tinyTrainer(), { ...stop, onEvaluation, checkpointEvery: 100 });
      expect(first).toMatchObject({ reason: "interrupted", steps: at });
      expect(onEvaluation).toHaveBeenCalledTimes(at / 4 - 1);
      expect((await logged(parted)).at(-1)).toMatchObject({ step: at, validationLoss: undefined });
      const second = await train(parted, await tinyTrainer(), { checkpointEvery: 100 });
      expect(second).toMatchObject({ reason: "steps", bestLoss: summary.bestLoss });
      expect(second.validation).toEqual(summary.validation);
      expect(await logged(parted)).toEqual(await logged(whole));
      expect(await weightsIn(parted, "step-000012")).toBe(await weightsIn(whole, "step-000012"));
    },
  );

  it("tells how far it is", async () => {
    const { onEvaluationProgress } = stopAt(0, 0);
    await train(memoryFolder(), await tinyTrainer(), { steps: 4, onEvaluationProgress });
    expect(onEvaluationProgress.mock.calls.map(([progress]) => progress)).toEqual([
      { step: 4, batches: 1, inAll: 2 },
      { step: 4, batches: 2, inAll: 2 },
    ]);
  });
});

describe("how much is evaluated", () => {
  it.each([
    [undefined, 200, 50],
    [undefined, 4, 32],
    [3, 200, 3],
  ])(
    "evaluationBatches %j with evaluations every %d steps: %d",
    async (evaluationBatches, every, expected) => {
      const trainer = await tinyTrainer();
      const data = tinyData(trainer, 400, 16 * 400);
      const validation = vi.fn(data.validation);
      await train(memoryFolder(), trainer, {
        ...{ data: { ...data, validation }, steps: 1, checkpointEvery: 100, schedule: { kind: "constant" } },
        ...{ evaluateEvery: every, evaluationBatches },
      });
      expect(validation.mock.calls).toEqual([[expected]]);
    },
  );
});

describe("a file `stop` in the run's folder", () => {
  // Every look at the clock is two seconds later, so that none for the file is left out.
  const hurry = () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 2000));
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
  };

  it("ends it as Ctrl-C does, and is gone afterwards", async () => {
    hurry();
    const run = memoryFolder();
    const onStep = async ({ step }: { step: number }) => {
      if (step === 5) await run.write("stop", "");
    };
    const first = await train(run, await tinyTrainer(), { onStep });
    expect(first).toMatchObject({ reason: "interrupted", steps: 5, checkpoint: "step-000005" });
    expect(await run.list("")).not.toContain("stop");
    expect(await train(run, await tinyTrainer())).toMatchObject({ reason: "steps", steps: 12 });
  });

  it("also ends an evaluation", async () => {
    hurry();
    const run = memoryFolder();
    const onEvaluationProgress = ({ batches }: EvaluationProgress) => {
      if (batches === 1) void run.write("stop", "");
    };
    const summary = await train(run, await tinyTrainer(), { onEvaluationProgress });
    expect(summary).toMatchObject({ reason: "interrupted", steps: 4, validation: undefined });
  });
});

describe("reasons to stop", () => {
  it("a target on the validation loss", async () => {
    const summary = await train(memoryFolder(), await tinyTrainer(), { targetLoss: 3.1, steps: 100 });
    expect(summary.reason).toBe("target");
    expect(summary.validation!.loss).toBeLessThanOrEqual(3.1);
    expect(summary.steps % 4).toBe(0);
    expect(summary.steps).toBeLessThan(100);
  });

  it("patience: so many evaluations without a better loss", async () => {
    // The weights hardly move, so that a later evaluation is better or worse by nothing but rounding.
    const trainer = await tinyTrainer({ optimizer: adamw({ lr: 1e-12, weightDecay: 0 }) });
    const summary = await train(memoryFolder(), trainer, { patience: 2, steps: 100 });
    expect([summary.reason, summary.steps]).toEqual(["patience", 12]);
  });
});

describe("checkpoints", () => {
  it("the newest so many stay, and the best", async () => {
    const run = memoryFolder();
    await train(run, await tinyTrainer(), { evaluateEvery: 4, checkpointEvery: 1, keepCheckpoints: 3 });
    expect(await checkpointsOf(run)).toEqual(["step-000010", "step-000011", "step-000012"]);
    expect(await readName(run, "best")).toBe("step-000012");
    expect(await readName(run, "latest")).toBe("step-000012");
  });

  it("an old best one stays", async () => {
    const run = memoryFolder();
    // Text to learn from and text to measure by have nothing in common: learning makes it worse.
    const validation = shardsOf(tinyTokens(70).map((token) => (token * 5 + 1) % 23));
    const trainer = await tinyTrainer({ optimizer: adamw({ lr: 5e-2 }) });
    const splits = { train: shardsOf(tinyTokens(400)), validation };
    const data = tokenWindows(splits, shapeOf(trainer), 1);
    const options = { data, steps: 40, evaluateEvery: 2, checkpointEvery: 1, keepCheckpoints: 1 };
    await train(run, trainer, options);
    const best = (await readName(run, "best"))!;
    expect(best).not.toBe("step-000040");
    expect(await checkpointsOf(run)).toEqual([best, "step-000040"]);
  });
});

describe("a run that diverges", () => {
  const tooFast = () => tinyTrainer({ optimizer: adamw({ lr: 1e30 }), clipNorm: 0 });

  it.each([1, 3, 12])("names the step and saves nothing broken, checkpoints every %d", async (every) => {
    const run = memoryFolder();
    const error = await train(run, await tooFast(), { checkpointEvery: every }).catch((e) => e);
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error.message).toMatch(/diverged[\s\S]*step [1-4]:[\s\S]*no checkpoint was saved yet/);
    expect(await checkpointsOf(run)).toEqual([]);
  });

  it("keeps the last good checkpoint, from which a lower rate goes on", async () => {
    const run = memoryFolder();
    await train(run, await tinyTrainer(), stopAfter(5));
    const good = await weightsIn(run, "step-000005");
    await expect(train(run, await tooFast(), { checkpointEvery: 1 })).rejects.toThrow(
      /last good checkpoint is step-000005/,
    );
    expect(await checkpointsOf(run)).toContain("step-000005");
    expect(await readName(run, "latest")).toBe("step-000005");
    expect(await weightsIn(run, "step-000005")).toBe(good);
    expect((await train(run, await tinyTrainer())).reason).toBe("steps");
  });

  it("leaves the weights as they were before the bad gradient", async () => {
    const trainer = await tinyTrainer();
    trainer.arrays.parameters.fill(3e38);
    const before = trainer.arrays.parameters.slice();
    await expect(train(memoryFolder(), trainer)).rejects.toThrow(/step 1: loss/);
    expect(trainer.arrays.parameters).toEqual(before);
    expect(trainer.arrays.m.every((value) => value === 0)).toBe(true);
  });
});
