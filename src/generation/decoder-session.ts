/** A decoder compiled for generation: new tokens in, logits of what may follow them out. */
import { multiplySizes, type Size } from "../core/graph/size.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import { gather } from "../core/ops/gather.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
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
import { attendBeside, attendWithin } from "../models/past.js";
import { maskValue } from "../nn/attention.js";
import { fitsInPlace } from "../nn/attention-in-place.js";
import { chosenLoraAdapt, type LoraConfig, loraAdapt } from "../nn/lora.js";
import { type Adapt, inputsFor } from "../nn/parameter.js";
import { quantiseProducts } from "../nn/quantise-products.js";
import { type BlockInputs, blockInputs, feedsOf, namedInputs, type Weights } from "../nn/weights.js";
import { type LoadedAdapter, stackAdapters } from "./adapters.js";
import { KvCache, keysName, valuesName } from "./kv-cache.js";

/** Most tokens of a prompt that go through the graph at once; bounds the memory for scores. */
const chunkLength = 256;

export interface DecoderOptions extends SessionOptions {
  /** How the matrices are kept (default float32). int8 and int4 are faster and round; see block-quantised.ts. */
  readonly weights?: "float32" | "int8" | "int4";
  /**
   * The weights change between runs and are read where they lie, which is slower. Otherwise they are copied, in
   * the order in which products read them.
   */
  readonly live?: boolean;
  /** The weights hold, beside the model's, the matrices of this adapter, which all texts use. */
  readonly lora?: LoraConfig;
  /** Adapters that a text chooses from by the number its cache row has, the first being 1. */
  readonly adapters?: readonly LoadedAdapter[];
}

/** Compiles `model.decode`. */
export async function compileDecoder(
  runtime: Runtime,
  model: Decoder,
  weights: Weights,
  { weights: kind = "float32", live = false, lora, adapters = [], ...options }: DecoderOptions = {},
): Promise<DecoderSession> {
  const stacked = adapters.length > 0 ? stackAdapters(adapters) : undefined;
  const adapt = stacked ? choosing(stacked) : lora && having(model, weights, lora);
  const { attendsInPlace = false } =
    (await runtime.kernels?.(options.device ?? runtime.device ?? "cpu")) ?? {};
  const inPlace = attendsInPlace && fitsInPlace(model.headWidth);
  const exact = decodingGraph(model, inPlace, blockInputs(weights), adapt);
  const graph = kind === "float32" ? exact : quantiseProducts(exact, weights, kind === "int8" ? 8 : 4);
  const values: Weights = new Map([...weights, ...(stacked ?? [])]);
  const session = await compile(runtime, graph, options, live ? undefined : values);
  return new DecoderSession(model, session, feedsOf(session, values), {
    inPlace,
    choosesAdapters: stacked !== undefined,
  });
}

/** Makes a model's layers adapt. */
type MakeAdapt = (batch: Size) => Adapt;

/** One adapter, whose matrices are among the weights. */
function having(model: Decoder, weights: Weights, lora: LoraConfig): MakeAdapt {
  const own = new Set(model.parameters.map(({ name }) => name));
  const inputs = namedInputs([...weights].filter(([name]) => !own.has(name)));
  return () => loraAdapt(inputs, lora);
}

/** Several, of which each text of the batch has chosen one. */
function choosing(stacked: Weights): MakeAdapt {
  return (batch) => chosenLoraAdapt(namedInputs(stacked), input("adapter", "int64", [batch]));
}

/** A decoder with its weights, ready to predict. */
export class DecoderSession {
  constructor(
    readonly model: Decoder,
    private readonly session: Session,
    /** What is fed with every run. */
    private readonly weights: Readonly<Record<string, HostTensor>>,
    private readonly graph: { readonly inPlace: boolean; readonly choosesAdapters: boolean },
  ) {}

  /** An empty cache for this many texts. */
  cache(rows: number): KvCache {
    return new KvCache(this.model, rows);
  }

  /** Reads tokens into one row of the cache and returns the logits [v] after the last of them. */
  async read(cache: KvCache, row: number, ids: ArrayLike<number>): Promise<Float32Array> {
    const tokens = Int32Array.from(ids);
    for (let start = 0; ; start += chunkLength) {
      const chunk = tokens.subarray(start, start + chunkLength);
      const logits = await this.run(cache, row, 1, chunk);
      if (start + chunkLength >= tokens.length) return logits;
    }
  }

  /** Reads one token into every row and returns the logits [rows, v]. */
  step(cache: KvCache, ids: ArrayLike<number>): Promise<Float32Array> {
    return this.run(cache, 0, cache.rows, Int32Array.from(ids));
  }

  /** Reads tokens into one row and returns the logits [ids, v] after each of them. */
  readAll(cache: KvCache, row: number, ids: ArrayLike<number>): Promise<Float32Array> {
    const each = Int32Array.from(ids, (_, i) => i);
    return this.run(cache, row, 1, Int32Array.from(ids), each);
  }

  /** Frees the session. */
  release(): Promise<void> {
    return this.session.release();
  }

  /**
   * ids: [count, t] for `count` rows of the cache from `first` on. Gives the logits [at, v] of the ids numbered `at`, by
   * default the last of each row.
   */
  private async run(
    cache: KvCache,
    first: number,
    count: number,
    ids: Int32Array,
    at?: Int32Array,
  ): Promise<Float32Array> {
    const time = ids.length / count;
    const places = at ?? Int32Array.from({ length: count }, (_, i) => (i + 1) * time - 1);
    const starts = Array.from({ length: count }, (_, i) => cache.length(first + i));
    const positions = ids.map((_, i) => starts[Math.floor(i / time)] + (i % time));
    const chosen = Int32Array.from({ length: count }, (_, i) => cache.adapter(first + i));
    const feeds = {
      ...(this.graph.choosesAdapters ? { adapter: int64Tensor(chosen, [count]) } : {}),
      ...this.weights,
      ids: int64Tensor(ids, [count, time]),
      positions: int64Tensor(positions, [count, time]),
      at: int64Tensor(places, [places.length]),
    };
    if (this.graph.inPlace) {
      const past = cache.feedsWithRoom(first, count, time);
      const longest = Math.max(...starts) + time;
      const logits = hostTensor("float32", [places.length, this.model.vocabSize]);
      await this.session.run(
        {
          ...feeds,
          ...past,
          last: hostTensor(
            "int32",
            [count],
            Int32Array.from(starts, (start) => start + time - 1),
          ),
          longest: hostTensor("int32", [1], Int32Array.of(longest)),
        },
        { ...toKept(past), logits },
      );
      cache.filled(first, count, time);
      return logits.data as Float32Array;
    }
    const { logits, ...fresh } = await this.session.run({
      ...feeds,
      ...cache.feeds(first, count),
      bias: visibility(starts, time, cache.room),
    });
    cache.append(first, count, time, fromKept(fresh));
    return logits.data as Float32Array;
  }
}

/** The graph: logits [at, v] of chosen positions, counted through all rows, and what each layer keeps. */
function decodingGraph(
  model: Decoder,
  inPlace: boolean,
  blocks: ReadonlyMap<string, BlockInputs>,
  adapt?: MakeAdapt,
): Record<string, Tensor> {
  const p = inputsFor(model.parameters, adapt?.("b"), blocks);
  const shape: Size[] = ["b", model.kvHeads, "past", model.headWidth];
  const past = Array.from({ length: model.numLayers }, (_, layer) => ({
    keys: input(keysName(layer), "float32", shape),
    values: input(valuesName(layer), "float32", shape),
  }));
  const ids = input<"b t">("ids", "int64", ["b", "t"]);
  const positions = input<"b t">("positions", "int64", ["b", "t"]);
  const { attend, kept } = inPlace
    ? attendWithin(model, past, {
        last: input("last", "int32", ["b"]),
        longest: input("longest", "int32", [1]),
      })
    : attendBeside(model, { past, positions, bias: input("bias", "float32", ["b", 1, "t", "past + t"]) });
  const hidden = model.decode(p, { ids, positions, attend });
  const [batch, time, width] = hidden.shape;
  const chosen = gather(reshape(hidden, [multiplySizes(batch, time), width]), input("at", "int64", ["at"]));
  const caches = kept.flatMap(({ keys, values }, layer) => [
    [keptName(keysName(layer)), keys] as const,
    [keptName(valuesName(layer)), values] as const,
  ]);
  return { logits: gemm(chosen, model.head(p), { transB: true }), ...Object.fromEntries(caches) };
}

const keptName = (cacheName: string) => cacheName.replace("past", "kept");

/** Arrays by the names of the cache under those of the graph's outputs, and back. */
const toKept = (arrays: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [keptName(name), array]));
const fromKept = (outputs: Readonly<Record<string, HostTensor>>) =>
  Object.fromEntries(Object.entries(outputs).map(([name, array]) => [name.replace("kept", "past"), array]));

/** [b, 1, t, room + t]: of the past the filled part is visible, of the new tokens those not later. */
function visibility(starts: readonly number[], time: number, room: number): HostTensor {
  const width = room + time;
  const bias = new Float32Array(starts.length * time * width);
  for (let i = 0; i < starts.length * time; i++) {
    const query = i % time;
    bias.fill(maskValue, i * width + starts[Math.floor(i / time)], i * width + room);
    bias.fill(maskValue, i * width + room + query + 1, (i + 1) * width);
  }
  return hostTensor("float32", [starts.length, 1, time, width], bias);
}
