import { input } from "../../../core/graph/tensor.js";
import { compile, int64Tensor, type Runtime, type SessionOptions } from "../../../core/runtime/session.js";
import type { BatchShape, TokenBatch } from "../../../data/text/batches.js";
import type { Decoder } from "../../../models/decoder.js";
import { inputsFor } from "../../../nn/parameter.js";
import { feedsOf, type Weights } from "../../../nn/weights.js";
import { sequenceLogLikelihood } from "../../../objectives/dpo.js";

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
  const p = inputsFor(model.parameters);
  const rows = model.hidden(p, input("inputs", "int64", shape));
  const likelihood = sequenceLogLikelihood(rows, model.head(p), input("targets", "int64", shape));
  const compiled = await compile(runtime, { likelihood }, session);
  const feeds = feedsOf(compiled, weights);
  for (const { inputs, targets } of batches) {
    const batch = { inputs: int64Tensor(inputs, shape), targets: int64Tensor(targets, shape) };
    const result = await compiled.run({ ...feeds, ...batch });
    yield (result.likelihood.data as Float32Array).slice();
  }
  await compiled.release();
}
