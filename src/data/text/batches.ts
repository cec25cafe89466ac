import { permuted, randomStream } from "../../core/random.js";
import { DataError } from "../../files/errors.js";
import { type EvaluationPart, evaluationOrder } from "../evaluation-order.js";
import type { TrainingData } from "../training-data.js";
import type { TokenShards } from "./shards.js";

/** Rows of consecutive tokens [b t], row-major, and for each token the one that follows it. */
export type TokenBatch = { readonly inputs: Int32Array; readonly targets: Int32Array };

/** Windows of two splits of a text as training wants them. */
export function tokenWindows(
  { train, validation }: { readonly train: TokenShards; readonly validation: TokenShards },
  shape: BatchShape,
  seed: number,
): TrainingData {
  return {
    training: (step) => trainingBatch(train, { seed, step, ...shape }),
    validation: (limit) => evaluationBatches(validation, { ...shape, limit, seed }),
    validationBatches: Math.ceil(windowsOf(validation, shape.contextLength) / shape.batchSize),
    totals: totalsOf(validation),
  };
}

/** What a text holds in all. */
export function totalsOf({ tokenCount, byteCount }: TokenShards): { tokens: number; bytes: number } {
  return { tokens: tokenCount, bytes: byteCount };
}

/** The target of a position that counts for nothing. */
export const IGNORED_TARGET = -100;

/** The fixed shape of the batches. */
export interface BatchShape {
  /** Rows a batch. */
  readonly batchSize: number;
  /** Tokens a row. */
  readonly contextLength: number;
}

/**
 * The batch of a training step: a pure function of (seed, step). An epoch passes once over
 * non-overlapping windows in an order of its own, from a random start, so that borders move between
 * epochs; a batch may begin in one epoch and end in the next.
 * @throws DataError when the text is too short for one window.
 */
export async function trainingBatch(
  shards: TokenShards,
  { seed, step, batchSize, contextLength }: BatchShape & { readonly seed: number; readonly step: number },
): Promise<TokenBatch> {
  const windows = windowsPerEpoch(shards, contextLength);
  const starts = Array.from({ length: batchSize }, (_, row) => {
    const drawn = step * batchSize + row;
    const epoch = Math.floor(drawn / windows);
    const slack = shards.tokenCount - 1 - windows * contextLength;
    const phase = randomStream(seed, "epoch phase", epoch).integer(slack + 1);
    return phase + permuted(drawn % windows, windows, seed, "epoch order", epoch) * contextLength;
  });
  return readBatch(shards, starts, { batchSize, contextLength });
}

/**
 * Windows in a training epoch, the same in every epoch. One fewer than fit, where two or more fit, leaves
 * room for the random start.
 */
export function windowsPerEpoch(shards: TokenShards, contextLength: number): number {
  const fitting = Math.floor((shards.tokenCount - 1) / contextLength);
  if (fitting >= 1) return Math.max(1, fitting - 1);
  throw new DataError(
    "the text is too short for one window",
    `${shards.tokenCount} tokens, but a window takes ${contextLength + 1} (context length ${contextLength} + 1)`,
    "add text or shorten the context length",
  );
}

/**
 * The windows of a split as `evaluationOrder` has them: window i covers the tokens [i T, i T + T] for T =
 * `contextLength`, and tokens after the last whole window are left out. A split shorter than one window is
 * one padded window. Empty rows and padded positions of the last batch have input 0 and target -100.
 * @throws DataError when there are fewer than two tokens.
 */
export async function* evaluationBatches(
  shards: TokenShards,
  { contextLength, ...part }: BatchShape & EvaluationPart,
): AsyncGenerator<TokenBatch> {
  if (shards.tokenCount < 2) {
    throw new DataError(
      "the split is too short to evaluate",
      `${shards.tokenCount} tokens; predicting takes 2`,
      "add text or raise the validation fraction",
    );
  }
  for (const chosen of evaluationOrder(windowsOf(shards, contextLength), part)) {
    const starts = chosen.map((window) => window * contextLength);
    yield await readBatch(shards, starts, { batchSize: part.batchSize, contextLength });
  }
}

/** Windows of an evaluation. */
function windowsOf({ tokenCount }: TokenShards, contextLength: number): number {
  return Math.max(1, Math.floor((tokenCount - 1) / contextLength));
}

async function readBatch(shards: TokenShards, starts: number[], shape: BatchShape): Promise<TokenBatch> {
  const { batchSize, contextLength } = shape;
  const inputs = new Int32Array(batchSize * contextLength);
  const targets = new Int32Array(batchSize * contextLength).fill(IGNORED_TARGET);
  const readRow = async (start: number, row: number) => {
    const window = new Int32Array(Math.min(contextLength + 1, shards.tokenCount - start));
    await shards.read(start, window);
    inputs.set(window.subarray(0, -1), row * contextLength);
    targets.set(window.subarray(1), row * contextLength);
  };
  await Promise.all(starts.map(readRow));
  return { inputs, targets };
}
