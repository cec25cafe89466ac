/** How likely a model finds a text that follows another: what every measure of a language model is made of. */
import type { Tensor } from "../core/graph/tensor.js";
import {
  compile,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  type Session,
  type SessionOptions,
} from "../core/runtime/session.js";
import { cacheNames, KvCache } from "../generation/kv-cache.js";
import type { Decoder } from "../models/decoder.js";
import { maskValue } from "../nn/attention.js";
import { feedsOf, type Weights } from "../nn/weights.js";
import { EvaluationError } from "./errors.js";
import { freshName, headGraph, layersGraph } from "./scoring-graphs.js";

/** Most tokens that go through the layers at once, of one text or of several short ones. */
const chunkLength = 256;

/** Most logits held at once. */
const chunkLogits = 2 ** 24;

/** A text and what follows it, in tokens; `source` is named in errors. */
export interface TokenPair {
  /** At least one token. */
  readonly context: Int32Array;
  /** At least one token and at most as many as the model's context. */
  readonly continuation: Int32Array;
  readonly source?: string;
}

/** How likely a continuation is after its context. */
export interface Score {
  /** ln P(continuation | context). */
  readonly logLikelihood: number;
  /** Each token of the continuation is the likeliest at its place. */
  readonly isGreedy: boolean;
  /** ln of each token's probability. */
  readonly perToken: Float32Array;
  /** The context was cut at its start to fit the model's. */
  readonly isTruncated: boolean;
}

/**
 * Compiles the decoder for scoring texts of any length. The weights are read where they lie and must stay
 * there while the scorer is used.
 */
export async function compileScorer(
  runtime: Runtime,
  model: Decoder,
  weights: Weights,
  options?: SessionOptions,
): Promise<Scorer> {
  const load = async (graph: Record<string, Tensor>): Promise<Part> => {
    const session = await compile(runtime, graph, options);
    return { session, weights: feedsOf(session, weights) };
  };
  return new Scorer(model, await load(layersGraph(model)), await load(headGraph(model)));
}

/** A loaded graph with the parameters that it reads. */
interface Part {
  readonly session: Session;
  readonly weights: Readonly<Record<string, HostTensor>>;
}

/** A model ready to tell how likely texts are; made by `compileScorer`. */
export class Scorer {
  constructor(
    readonly model: Decoder,
    private readonly layers: Part,
    private readonly head: Part,
  ) {}

  /** Throws `EvaluationError` as `scoreAll` does. */
  async score(context: Int32Array, continuation: Int32Array): Promise<Score> {
    const [score] = await this.scoreAll([{ context, continuation }]);
    return score;
  }

  /**
   * Scores each pair, short ones several at a time. Of a pair that is longer than the model's context the last
   * contextLength + 1 tokens are kept, as lm-evaluation-harness does (`HFLM._loglikelihood_tokens`).
   * Throws `EvaluationError` for an empty or too long part, an id outside the vocabulary, and weights that
   * predict no finite numbers.
   */
  async scoreAll(pairs: readonly TokenPair[]): Promise<Score[]> {
    const rows = pairs.map((pair) => rowOf(pair, this.model));
    const longestFirst = rows.toSorted((a, b) => b.inputs.length - a.inputs.length);
    for (let start = 0; start < rows.length; ) {
      const count = Math.max(1, Math.floor(chunkLength / longestFirst[start].inputs.length));
      await this.run(longestFirst.slice(start, start + count));
      start += count;
    }
    return rows.map(finished);
  }

  /** Frees its sessions. */
  async release(): Promise<void> {
    await this.layers.session.release();
    await this.head.session.release();
  }

  /** Fills the predictions of rows of about the same length, the longest first. */
  private async run(rows: readonly Row[]): Promise<void> {
    const length = rows[0].inputs.length;
    const cache = new KvCache(this.model, rows.length);
    for (let start = 0; start < length; start += chunkLength) {
      const time = Math.min(chunkLength, length - start);
      const outputs = await this.layers.session.run({
        ...this.layers.weights,
        ...cache.feeds(0, rows.length),
        ...newTokens(rows, start, time, cache.room),
      });
      await this.predict(rows, start, time, outputs.hidden.data as Float32Array);
      const fresh = cacheNames(this.model.numLayers).map((name) => [name, outputs[freshName(name)]]);
      if (start + time < length) cache.append(0, rows.length, time, Object.fromEntries(fresh));
    }
  }

  /** Turns the hidden states [rows, time, c] of the positions from `start` on into predictions. */
  private async predict(
    rows: readonly Row[],
    start: number,
    time: number,
    hidden: Float32Array,
  ): Promise<void> {
    const width = hidden.length / (rows.length * time);
    const places = scoredPositions(rows, start, time);
    const most = Math.max(1, Math.floor(chunkLogits / this.model.vocabSize));
    for (let from = 0; from < places.length; from += most) {
      const part = places.slice(from, from + most);
      const states = new Float32Array(part.length * width);
      for (const [n, { position }] of part.entries()) {
        states.set(hidden.subarray(position * width, (position + 1) * width), n * width);
      }
      const targets = Int32Array.from(part, ({ row, at }) => row.targets[at]);
      const { logProbabilities, best } = await this.head.session.run({
        ...this.head.weights,
        states: hostTensor("float32", [part.length, width], states),
        targets: int64Tensor(targets, [part.length]),
      });
      for (const [n, { row, at }] of part.entries()) {
        row.perToken[at] = logProbabilities.data[n] as number;
        row.isGreedy &&= Number(best.data[n]) === targets[n];
      }
    }
  }
}

/** A target, and the position among [rows, time] that predicts it. */
interface ScoredPosition {
  readonly row: Row;
  readonly at: number;
  readonly position: number;
}

function scoredPositions(rows: readonly Row[], start: number, time: number): ScoredPosition[] {
  const places: ScoredPosition[] = [];
  for (const [i, row] of rows.entries()) {
    const ahead = row.inputs.length - row.targets.length - start;
    const last = Math.min(row.targets.length, time - ahead);
    for (let at = Math.max(0, -ahead); at < last; at++)
      places.push({ row, at, position: i * time + ahead + at });
  }
  return places;
}

/** A pair on its way through the model. The last inputs predict the targets. */
interface Row {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
  readonly isTruncated: boolean;
  readonly source?: string;
  readonly perToken: Float32Array;
  isGreedy: boolean;
}

function rowOf({ context, continuation, source }: TokenPair, { contextLength, vocabSize }: Decoder): Row {
  checkPair(context.length, continuation.length, contextLength, source);
  const tokens = new Int32Array(context.length + continuation.length);
  tokens.set(context);
  tokens.set(continuation, context.length);
  const stranger = tokens.find((id) => id < 0 || id >= vocabSize);
  if (stranger !== undefined) {
    throw new EvaluationError(
      "a text to score has a token that the model does not know",
      `${place(source)}id ${stranger}, vocabulary of ${vocabSize}`,
      "encode it with the tokenizer that the model was trained with",
    );
  }
  return {
    inputs: tokens.subarray(Math.max(0, tokens.length - 1 - contextLength), -1),
    targets: continuation,
    isTruncated: tokens.length - 1 > contextLength,
    source,
    perToken: new Float32Array(continuation.length),
    isGreedy: true,
  };
}

function checkPair(context: number, continuation: number, contextLength: number, source?: string): void {
  if (context >= 1 && continuation >= 1 && continuation <= contextLength) return;
  throw new EvaluationError(
    "a text cannot be scored",
    `${place(source)}${context} tokens, then ${continuation} to score; the model's context is ${contextLength}`,
    "give at least one token before, and at least one and at most a context to score",
  );
}

const place = (source?: string) => (source === undefined ? "" : `${source}: `);

function finished({ perToken, isGreedy, isTruncated, source }: Row): Score {
  const logLikelihood = perToken.reduce((sum, value) => sum + value, 0);
  if (Number.isFinite(logLikelihood)) return { logLikelihood, isGreedy, perToken, isTruncated };
  throw new EvaluationError(
    "the model's predictions are not finite numbers",
    `${place(source)}a log-likelihood of ${logLikelihood} over ${perToken.length} tokens`,
    "the weights are damaged or diverged: use an earlier checkpoint",
  );
}

/** Ids (0 beyond a row's end, where nothing is read), positions and visibility of one chunk. */
function newTokens(rows: readonly Row[], start: number, time: number, room: number) {
  const shape = [rows.length, time];
  const ids = new Int32Array(rows.length * time);
  for (const [i, { inputs }] of rows.entries()) ids.set(inputs.subarray(start, start + time), i * time);
  const positions = ids.map((_, i) => start + (i % time));
  const bias = new Float32Array(time * (room + time));
  for (let query = 0; query < time; query++) {
    const at = query * (room + time);
    bias.fill(maskValue, at + start, at + room);
    bias.fill(maskValue, at + room + query + 1, at + room + time);
  }
  return {
    ids: int64Tensor(ids, shape),
    positions: int64Tensor(positions, shape),
    bias: hostTensor("float32", [1, 1, time, room + time], bias),
  };
}
