/** A decoder as an embedder: the mean of a text's last hidden states. */
import { input, type Tensor } from "../core/graph/tensor.js";
import { sum } from "../core/ops/movement.js";
import { concat } from "../core/ops/slice.js";
import {
  compile,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  type Session,
  type SessionOptions,
} from "../core/runtime/session.js";
import type { Decoder } from "../models/decoder.js";
import { attendBeside } from "../models/past.js";
import { maskValue } from "../nn/attention.js";
import { inputsFor } from "../nn/parameter.js";
import { feedsOf, type Weights } from "../nn/weights.js";
import { GenerationError } from "./errors.js";
import { cacheNames, keysName, valuesName } from "./kv-cache.js";

/** Most tokens that go through the graph at once: what runs beside it waits no longer than they take. */
const chunkLength = 128;

/** Compiles `model.decode` for embedding. The weights are read where they lie and must stay there. */
export async function compileEmbedder(
  runtime: Runtime,
  model: Decoder,
  weights: Weights,
  options: SessionOptions = {},
): Promise<Embedder> {
  const session = await compile(runtime, embeddingGraph(model), options);
  return new Embedder(model, session, feedsOf(session, weights));
}

export class Embedder {
  constructor(
    private readonly model: Decoder,
    private readonly session: Session,
    private readonly weights: Readonly<Record<string, HostTensor>>,
  ) {}

  /**
   * The mean of the last hidden states [c]. Aborting the signal ends it between two chunks, with the signal's
   * reason. Throws `GenerationError` for a text without tokens or longer than the context.
   */
  async embed(ids: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
    this.check(ids);
    let past = this.nothing();
    let total: Float64Array | undefined;
    for (let start = 0; start < ids.length; start += chunkLength) {
      signal?.throwIfAborted();
      const chunk = ids.subarray(start, start + chunkLength);
      const { hiddenSum, ...joined } = await this.session.run({
        ...this.weights,
        ...past,
        ids: int64Tensor(chunk, [1, chunk.length]),
        positions: int64Tensor(
          chunk.map((_, i) => start + i),
          [1, chunk.length],
        ),
        bias: causalBias(start, chunk.length),
      });
      const sums = hiddenSum.data as Float32Array;
      total ??= new Float64Array(sums.length);
      for (let i = 0; i < sums.length; i++) total[i] += sums[i];
      past = Object.fromEntries(Object.entries(joined).map(([name, tensor]) => [pastName(name), tensor]));
    }
    return Float32Array.from(total!, (v) => v / ids.length);
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private nothing(): Record<string, HostTensor> {
    const { numLayers, kvHeads, headWidth } = this.model;
    const empty = hostTensor("float32", [1, kvHeads, 0, headWidth]);
    return Object.fromEntries(cacheNames(numLayers).map((name) => [name, empty]));
  }

  private check({ length }: Int32Array): void {
    const { contextLength } = this.model;
    if (length > 0 && length <= contextLength) return;
    throw new GenerationError(
      length === 0 ? "a text without tokens has no embedding" : "the text is longer than the model's context",
      `${length} tokens, of at most ${contextLength}`,
      length === 0 ? "give a text of at least one character" : "embed it in parts",
    );
  }
}

/** The sum of the new tokens' hidden states [1, c], and the keys and values of each layer so far. */
function embeddingGraph(model: Decoder): Record<string, Tensor> {
  const p = inputsFor(model.parameters);
  const shape = [1, model.kvHeads, "past", model.headWidth];
  const past = Array.from({ length: model.numLayers }, (_, layer) => ({
    keys: input(keysName(layer), "float32", shape),
    values: input(valuesName(layer), "float32", shape),
  }));
  const ids = input<"b t">("ids", "int64", [1, "t"]);
  const positions = input<"b t">("positions", "int64", [1, "t"]);
  const bias = input("bias", "float32", [1, 1, "t", "past + t"]);
  const { attend, kept } = attendBeside(model, { past, positions, bias });
  const hidden = model.decode(p, { ids, positions, attend });
  const joined = kept.flatMap(({ keys, values }, layer) => [
    [joinedName(keysName(layer)), concat([past[layer].keys, keys], 2)] as const,
    [joinedName(valuesName(layer)), concat([past[layer].values, values], 2)] as const,
  ]);
  return { hiddenSum: sum(hidden, [1]), ...Object.fromEntries(joined) };
}

const joinedName = (cacheName: string) => cacheName.replace("past", "joined");
const pastName = (joined: string) => joined.replace("joined", "past");

/** [1, 1, t, past + t]: of the new tokens those not later are visible, and all of the past. */
function causalBias(past: number, time: number): HostTensor {
  const width = past + time;
  const bias = new Float32Array(time * width);
  for (let query = 0; query < time; query++) {
    bias.fill(maskValue, query * width + past + query + 1, (query + 1) * width);
  }
  return hostTensor("float32", [1, 1, time, width], bias);
}
