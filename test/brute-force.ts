/** What a scorer must find, the slow way: the graph that training uses, run anew for every token. */
import { input } from "../src/core/graph/tensor.js";
import { matmul, swapLast } from "../src/core/ops/matmul.js";
import { randomStream } from "../src/core/random.js";
import { nodeRuntime } from "../src/core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../src/core/runtime/session.js";
import type { Decoder } from "../src/models/decoder.js";
import { lookUp } from "../src/nn/parameter.js";
import type { Weights } from "../src/nn/weights.js";

/** Random weights, large enough that no distribution is flat. */
export function wildWeights(model: Decoder, seed = 3): Weights {
  return new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(seed, name);
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => stream.normal() * 0.4) }];
    }),
  );
}

/** ln of the probabilities [v] of what follows the last `contextLength` of some tokens, in float64. */
export type Predict = (tokens: readonly number[]) => Promise<Float64Array>;

export async function bruteForce(model: Decoder, weights: Weights): Promise<Predict> {
  const { contextLength, vocabSize } = model;
  const p = lookUp(new Map(model.parameters.map((q) => [q.name, input(q.name, "float32", q.shape)])));
  const hidden = model.hidden(p, input<"b t">("ids", "int64", [1, contextLength]));
  const session = await compile(nodeRuntime, { logits: matmul(hidden, swapLast(model.head(p))) });
  const feeds = [...weights].map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)]);
  return async (tokens) => {
    const seen = tokens.slice(-contextLength);
    const ids = new Int32Array(contextLength); // what stands after the last token is seen by later ones only
    ids.set(seen);
    const run = { ...Object.fromEntries(feeds), ids: int64Tensor(ids, [1, contextLength]) };
    const logits = (await session.run(run)).logits.data as Float32Array;
    return logSoftmax(logits.subarray((seen.length - 1) * vocabSize, seen.length * vocabSize));
  };
}

function logSoftmax(logits: Float32Array): Float64Array {
  const values = Float64Array.from(logits);
  const top = Math.max(...values);
  const total = values.reduce((sum, value) => sum + Math.exp(value - top), 0);
  return values.map((value) => value - top - Math.log(total));
}
