/** A model, a text and a trainer so small that a step takes a millisecond. */
import { nodeRuntime } from "../src/core/runtime/node.js";
import { type BatchShape, tokenWindows } from "../src/data/text/batches.js";
import type { TokenShards } from "../src/data/text/shards.js";
import type { TrainingData } from "../src/data/training-data.js";
import type { Folder } from "../src/files/folder.js";
import { saveModel } from "../src/interop/model-folder.js";
import type { Decoder } from "../src/models/decoder.js";
import { gpt2 } from "../src/models/gpt2.js";
import { languageTask } from "../src/objectives/task.js";
import { adamw } from "../src/optim/adamw.js";
import { iterate, type LoopOptions, type StepReport, type Summary } from "../src/training/loop.js";
import { createTrainer, type Trainer, type TrainerOptions } from "../src/training/trainer.js";
import { weightsOf } from "../src/training/weights.js";

export const tinyVocabSize = 23;

export function tinyModel(change: Partial<Parameters<typeof gpt2>[0]> = {}): Decoder {
  return gpt2({
    ...{ vocabSize: tinyVocabSize, contextLength: 16, numLayers: 1, numHeads: 2, width: 16 },
    ...change,
  });
}

/** Tokens in memory; each stands for two bytes. */
export function shardsOf(tokens: readonly number[], vocabSize = tinyVocabSize): TokenShards {
  return {
    tokenCount: tokens.length,
    byteCount: 2 * tokens.length,
    vocabSize,
    read: async (start, target) => target.set(tokens.slice(start, start + target.length)),
  };
}

/** Tokens with a rhythm that a small model learns soon. */
export const tinyTokens = (count: number) =>
  Array.from({ length: count }, (_, i) => (i * 7 + (i % 5) * 3) % tinyVocabSize);

export type TinyOptions = Partial<Omit<TrainerOptions, "task">> & { model?: Decoder; batchSize?: number };

export const tinyTrainer = (options?: TinyOptions): Promise<Trainer> => createTrainer(tinyOptions(options));

export function tinyOptions({
  model = tinyModel(),
  batchSize = 2,
  ...change
}: TinyOptions = {}): TrainerOptions {
  return {
    runtime: nodeRuntime,
    task: languageTask(model, { batchSize, contextLength: model.contextLength }),
    optimizer: adamw({ lr: 1e-2 }),
    seed: 1,
    clipNorm: 1,
    session: { threads: 1, spin: false },
    ...change,
  };
}

/** Windows of 400 tokens to learn from and 70 to validate with, in the order of the trainer's seed 1. */
export function tinyData(trainer: Trainer, train = 400, validation = 70): TrainingData {
  const splits = { train: shardsOf(tinyTokens(train)), validation: shardsOf(tinyTokens(validation)) };
  return tokenWindows(splits, shapeOf(trainer), 1);
}

/** Of the batches that a trainer of a language model takes. */
export function shapeOf({ task }: Trainer): BatchShape {
  const [batchSize, contextLength] = task.batch.inputs.shape as number[];
  return { batchSize, contextLength };
}

/** Trains for twelve steps into a folder, evaluating and saving often. */
export function train(
  run: Folder,
  trainer: Trainer,
  change: Partial<LoopOptions> = {},
  model = tinyModel(),
): Promise<Summary> {
  return iterate({
    trainer,
    data: tinyData(trainer),
    run,
    schedule: { kind: "cosine", warmupSteps: 2 },
    ...{ steps: 12, evaluateEvery: 4, checkpointEvery: 3, keepCheckpoints: 2 },
    saveModel: (folder) => saveModel(folder, { model, weights: weightsOf(trainer.layout, trainer.weights) }),
    ...change,
  });
}

/** A stop button that is pressed when a step is done. */
export function stopAfter(step: number): Pick<LoopOptions, "signal" | "onStep"> {
  const stop = new AbortController();
  const onStep = (report: StepReport) => {
    if (report.step === step) stop.abort();
  };
  return { signal: stop.signal, onStep };
}

/** The losses of the metrics log by step; every step must be there once and in order. */
export async function loggedLosses(run: Folder): Promise<{ step: number; loss: number }[]> {
  const lines = new TextDecoder()
    .decode(await run.read("metrics.jsonl"))
    .trimEnd()
    .split("\n");
  return lines.map((line) => {
    const { step, loss } = JSON.parse(line);
    return { step, loss };
  });
}
