import { input } from "../core/graph/tensor.js";
import {
  compile,
  hostTensor,
  int64Tensor,
  type Runtime,
  type SessionOptions,
} from "../core/runtime/session.js";
import type { BatchShape, TokenBatch } from "../data/text/batches.js";
import type { Decoder } from "../models/decoder.js";
import { lookUp } from "../nn/parameter.js";
import { sequenceLogLikelihood } from "../objectives/dpo.js";
import type { Weights } from "./weights.js";

/**
 * Log-likelihoods [rows] of the targets of each row under fixed weights, a batch after the other; in nats, see
 * `sequenceLogLikelihood`.
 */
export async function* referenceLogLikelihoods(
  runtime: Runtime,
  model: Decoder,
  weights: Weights,
  batches: Iterable<TokenBatch>,
  { batchSize, contextLength }: BatchShape,
  session?: SessionOptions,
): AsyncGenerator<Float32Array> {
  const shape = [batchSize, contextLength];
  const p = lookUp(new Map([...weights].map(([name, { shape }]) => [name, input(name, "float32", shape)])));
  const rows = model.hidden(p, input("inputs", "int64", shape));
  const likelihood = sequenceLogLikelihood(rows, model.head(p), input("targets", "int64", shape));
  const compiled = await compile(runtime, { likelihood }, session);
  const fixed = [...weights]
    .filter(([name]) => compiled.graph.inputs.has(name))
    .map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)] as const);
  const feeds = Object.fromEntries(fixed);
  for (const { inputs, targets } of batches) {
    const batch = { inputs: int64Tensor(inputs, shape), targets: int64Tensor(targets, shape) };
    const result = await compiled.run({ ...feeds, ...batch });
    yield (result.likelihood.data as Float32Array).slice();
  }
  await compiled.release();
}
