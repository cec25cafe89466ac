import { type BatchShape, evaluationBatches } from "../data/batches.js";
import type { TokenShards } from "../data/shards.js";
import type { CompiledLoss } from "./step.js";

/** How well a model predicts a text. */
export interface Evaluation {
  /** Mean negative log-likelihood in nats a token. */
  readonly loss: number;
  /** e^loss. */
  readonly perplexity: number;
  /** The loss in bits a byte of UTF-8: comparable between tokenizers. */
  readonly bitsPerByte: number;
  /** Tokens that were predicted. */
  readonly tokens: number;
}

/** Reads a split from its start, all of it or `limit` batches, and averages over its tokens. */
export async function evaluateLoss(
  compiled: CompiledLoss,
  shards: TokenShards,
  shape: BatchShape,
  limit?: number,
): Promise<Evaluation> {
  let total = 0;
  let tokens = 0;
  for await (const batch of evaluationBatches(shards, { ...shape, limit })) {
    const count = batch.targets.reduce((n, target) => n + (target >= 0 ? 1 : 0), 0);
    total += (await compiled.run(batch)) * count;
    tokens += count;
  }
  const loss = total / tokens;
  const tokensPerByte = shards.tokenCount / shards.byteCount;
  return { loss, perplexity: Math.exp(loss), bitsPerByte: (loss / Math.LN2) * tokensPerByte, tokens };
}
