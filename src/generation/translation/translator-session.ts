/** An encoder-decoder compiled for translation: sources in, log-probabilities of what may be written next out. */
import type { Size } from "../../core/graph/size.js";
import { input, type Tensor } from "../../core/graph/tensor.js";
import { cast } from "../../core/ops/elementwise.js";
import { gemm } from "../../core/ops/matmul.js";
import { reshape } from "../../core/ops/movement.js";
import { logSoftmax } from "../../core/ops/normalise.js";
import { topK } from "../../core/ops/selection.js";
import { compile, hostTensor, int64Tensor, type Runtime, type Session } from "../../core/runtime/session.js";
import type { EncoderDecoder } from "../../models/encoder-decoder.js";
import type { KeysAndValues } from "../../nn/attention.js";
import { inputsFor } from "../../nn/parameter.js";
import { quantiseProducts } from "../../nn/quantise-products.js";
import { feedsOf, type Weights } from "../../nn/weights.js";
import type { DecoderOptions } from "../decoder-session.js";
import { Decoding, likeliestTold } from "./decoding.js";
import { decodeBatch } from "./sentence-batch.js";
import type { DecodeBatch, Translator } from "./translate-sentences.js";

/** Where and how a translator runs; see `DecoderOptions`. */
export type TranslatorOptions = Omit<DecoderOptions, "lora" | "adapters">;

/** Compiles `model.encode` with `model.memory`, and `model.decode`. */
export async function compileTranslator(
  runtime: Runtime,
  model: EncoderDecoder,
  weights: Weights,
  { weights: kind = "float32", live = false, ...options }: TranslatorOptions = {},
): Promise<TranslatorSession> {
  const compiled = async (exact: Record<string, Tensor>): Promise<Session> => {
    const graph = kind === "float32" ? exact : quantiseProducts(exact, weights, kind === "int8" ? 8 : 4);
    const session = await compile(runtime, graph, options, live ? undefined : weights);
    const fixed = feedsOf(session, weights);
    return {
      run: (feeds, into) => session.run({ ...fixed, ...feeds }, into),
      release: () => session.release(),
    };
  };
  const [encoder, decoder] = [await compiled(encodingGraph(model)), await compiled(decodingGraph(model))];
  return new TranslatorSession(model, encoder, decoder);
}

/** A translation model with its weights, ready to read and write. */
export class TranslatorSession implements Translator {
  private readonly decode: DecodeBatch = (batch) =>
    decodeBatch((sources, beams) => this.encode(sources, beams), batch);

  constructor(
    readonly model: EncoderDecoder,
    private readonly encoder: Session,
    private readonly decoder: Session,
  ) {}

  /** Reads sources, each at least one token, and prepares to write with this many beams for each. */
  async encode(sources: readonly ArrayLike<number>[], beams: number): Promise<Decoding> {
    const longest = Math.max(...sources.map(({ length }) => length));
    const ids = new Int32Array(sources.length * longest);
    const valid = new Float32Array(ids.length);
    for (const [row, source] of sources.entries()) {
      ids.set(source, row * longest);
      valid.fill(1, row * longest, row * longest + source.length);
    }
    const memory = await this.encoder.run({
      ids: int64Tensor(ids, [sources.length, longest]),
      valid: hostTensor("float32", [sources.length, longest], valid),
    });
    return new Decoding(this.model, this.decoder, memory, valid, beams);
  }

  async decoders(): Promise<readonly DecodeBatch[]> {
    return [this.decode];
  }

  /** Frees the sessions. */
  async release(): Promise<void> {
    await Promise.all([this.encoder.release(), this.decoder.release()]);
  }
}

/** Keys and values [b, h, s, d] of each layer, for padded sources. */
function encodingGraph(model: EncoderDecoder): Record<string, Tensor> {
  const p = inputsFor(model.parameters);
  const ids = input<"b s">("ids", "int64", ["b", "s"]);
  const valid = input<"b s">("valid", "float32", ["b", "s"]);
  return byName("memory", model.memory(p, model.encode(p, { ids, valid })));
}

/** Log-probabilities [b t, v] of what follows each new token, the likeliest, and its keys and values. */
function decodingGraph(model: EncoderDecoder): Record<string, Tensor> {
  const p = inputsFor(model.parameters);
  const { hidden, fresh } = model.decode(p, {
    ids: input<"b t">("ids", "int64", ["b", "t"]),
    // Those of all sentences are the same.
    positions: input<"b t">("positions", "int64", [1, "t"]),
    pastPositions: input<"b s">("pastPositions", "int64", [1, "past"]),
    bias: input("bias", "float32", ["b", 1, "t", "past + t"]),
    past: cacheInputs(model, "past", "past"),
    memory: cacheInputs(model, "memory", "s"),
    memoryBias: input("memoryBias", "float32", ["b", 1, 1, "s"]),
  });
  const logits = gemm(reshape(hidden, [-1, model.width]), model.head(p), { transB: true });
  const next = logSoftmax(logits);
  const [, likeliest] = topK(next, likeliestTold(model));
  return { next, likeliest: cast(likeliest, "int32"), ...byName("fresh", fresh) };
}

function cacheInputs(model: EncoderDecoder, kind: string, time: Size): KeysAndValues[] {
  const { numDecoderLayers, numHeads, headWidth } = model;
  const array = (name: string) => input(name, "float32", ["b", numHeads, time, headWidth]);
  return Array.from({ length: numDecoderLayers }, (_, layer) => ({
    keys: array(`${kind}.keys.${layer}`),
    values: array(`${kind}.values.${layer}`),
  }));
}

function byName(kind: string, layers: readonly KeysAndValues[]): Record<string, Tensor> {
  return Object.fromEntries(
    layers.flatMap(({ keys, values }, layer) => [
      [`${kind}.keys.${layer}`, keys],
      [`${kind}.values.${layer}`, values],
    ]),
  );
}
