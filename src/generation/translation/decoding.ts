import { type HostTensor, hostTensor, int64Tensor, type Session } from "../../core/runtime/session.js";
import type { EncoderDecoder } from "../../models/encoder-decoder.js";
import { maskValue } from "../../nn/attention.js";
import { cacheNames, KvCache } from "../kv-cache.js";
import type { Predictions, StepScorer } from "./step-scorer.js";

/** How many of the likeliest tokens the graph finds: for five beams twice as many, and some that a constraint forbids. */
export const likeliestTold = ({ vocabSize }: EncoderDecoder) => Math.min(12, vocabSize);

/**
 * Writes translations of encoded sentences. The beams of a sentence are new positions of one row: they look at one
 * memory, and what they have written lies in one past, of which each sees what its own beginning is made of. So no
 * past is copied when a beam goes on from another.
 */
export class Decoding implements StepScorer {
  readonly vocabSize: number;
  /** Sentences at the beginning. */
  private readonly rows: number;
  private readonly cache: KvCache;
  /** Places of the past that each beam sees, by row. */
  private readonly paths: number[][][];
  /** What the graph gives is written here, step after step: an array of the binding's own would be a copy. */
  private readonly outputs: Readonly<Record<string, HostTensor>>;
  private steps = 0;

  /** `memory` by name, [rows, h, s, d]; `valid` [rows, s] marks the tokens of the sources. */
  constructor(
    model: EncoderDecoder,
    private readonly session: Pick<Session, "run">,
    private readonly memory: Readonly<Record<string, HostTensor>>,
    valid: Float32Array,
    readonly beams: number,
  ) {
    const rows = Object.values(memory)[0].shape[0];
    const { numDecoderLayers: numLayers, numHeads: kvHeads, headWidth } = model;
    this.vocabSize = model.vocabSize;
    this.rows = rows;
    this.cache = new KvCache(
      { numLayers, kvHeads, headWidth, contextLength: Number.POSITIVE_INFINITY },
      rows,
    );
    this.paths = Array.from({ length: rows }, () => Array.from({ length: beams }, () => []));
    const fresh = cacheNames(numLayers).map((name) => [
      freshName(name),
      hostTensor("float32", [rows, kvHeads, beams, headWidth]),
    ]);
    this.outputs = {
      next: hostTensor("float32", [rows * beams, model.vocabSize]),
      likeliest: hostTensor("int32", [rows * beams, likeliestTold(model)]),
      ...Object.fromEntries(fresh),
    };
    const bias = valid.map((mark) => (mark ? 0 : maskValue));
    this.memory = { ...memory, memoryBias: hostTensor("float32", [rows, 1, 1, valid.length / rows], bias) };
  }

  async step(ids: Int32Array, parents: Int32Array): Promise<Predictions> {
    const { cache, beams } = this;
    const { rows } = cache;
    this.follow(parents);
    const outputs = this.left(this.outputs);
    const feeds = {
      ...cache.feeds(0, rows),
      ...this.left(this.memory),
      ids: int64Tensor(ids, [rows, beams]),
      positions: int64Tensor(new Int32Array(beams).fill(this.steps), [1, beams]),
      pastPositions: this.pastPositions(),
      bias: this.visibility(),
    };
    await this.session.run(feeds, outputs);
    const { next, likeliest, ...fresh } = outputs;
    const byCacheName = Object.entries(fresh).map(([name, tensor]) => [cacheName(name), tensor]);
    cache.append(0, rows, beams, Object.fromEntries(byCacheName));
    this.steps++;
    return { next: next.data as Float32Array, likeliest: likeliest.data as Int32Array };
  }

  remove(row: number): void {
    const last = this.cache.rows - 1;
    for (const { shape, data } of Object.values(this.memory)) {
      const size = data.length / shape[0];
      data.copyWithin(row * size, last * size, (last + 1) * size);
    }
    this.paths[row] = this.paths[last];
    this.paths.pop();
    this.cache.remove(row);
  }

  /** Each beam sees what its parent saw, and what its parent read last. */
  private follow(parents: Int32Array): void {
    const { beams, steps } = this;
    if (steps === 0) return;
    for (const [row, old] of this.paths.entries()) {
      this.paths[row] = old.map((_, beam) => {
        const parent = parents[row * beams + beam];
        return [...old[parent], (steps - 1) * beams + parent];
      });
    }
  }

  /** Of the rows that there were, those that are left. */
  private left(tensors: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> {
    const left = ({ dtype, shape: [first, ...rest], data }: HostTensor) => {
      const count = (first / this.rows) * this.cache.rows;
      return hostTensor(dtype, [count, ...rest], data.subarray(0, (data.length / first) * count));
    };
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, left(tensor)]));
  }

  private pastPositions(): HostTensor {
    const { beams, cache } = this;
    const positions = Int32Array.from({ length: cache.room }, (_, i) => Math.floor(i / beams));
    return int64Tensor(positions, [1, cache.room]);
  }

  /** [rows, 1, beams, room + beams]: of the new tokens each beam sees its own. */
  private visibility(): HostTensor {
    const { beams, cache, paths } = this;
    const width = cache.room + beams;
    const bias = new Float32Array(cache.rows * beams * width).fill(maskValue);
    for (const [i, path] of paths.flat().entries()) {
      for (const place of path) bias[i * width + place] = 0;
      bias[i * width + cache.room + (i % beams)] = 0;
    }
    return hostTensor("float32", [cache.rows, 1, beams, width], bias);
  }
}

const freshName = (cacheName: string) => cacheName.replace("past", "fresh");
const cacheName = (freshName: string) => freshName.replace("fresh", "past");
