/** The decoders that `bench` trains and serves: the project's yardsticks, and some for a look. */
import type { BenchPart, Workload } from "../../../bench/bench.js";
import { besides, yardstick } from "../../../bench/scripts.js";
import type { Gpt2Config } from "../../../models/gpt2.js";

export interface BenchDecoder extends BenchPart {
  readonly numLayers: number;
  readonly numHeads: number;
  readonly width: number;
  readonly vocabSize: number;
  readonly batchSize: number;
  readonly contextLength: number;
  /** Steps that one side takes before the other's turn: short steps need company to be timed warm. */
  readonly stepsPerTurn: number;
  /** Measured steps of each side, after one turn to warm up. */
  readonly steps: number;
  /** Only ours runs, for its memory. */
  readonly alone?: boolean;
  /** Trains an adapter of this rank beside every linear layer, and not the weights. */
  readonly loraRank?: number;
}

export const gpt2Small = { numLayers: 12, numHeads: 12, width: 768, vocabSize: 50_257 };

export const benchDecoders: readonly BenchDecoder[] = [
  {
    name: "small",
    numLayers: 4,
    numHeads: 4,
    width: 128,
    vocabSize: 65,
    batchSize: 12,
    contextLength: 64,
    stepsPerTurn: 8,
    steps: 72,
  },
  {
    name: "medium",
    numLayers: 6,
    numHeads: 6,
    width: 384,
    vocabSize: 256,
    batchSize: 12,
    contextLength: 128,
    stepsPerTurn: 1,
    steps: 9,
  },
  {
    name: "gpt2",
    ...gpt2Small,
    batchSize: 4,
    contextLength: 256,
    stepsPerTurn: 1,
    steps: 5,
  },
  {
    name: "gpt2-lora",
    ...gpt2Small,
    batchSize: 4,
    contextLength: 256,
    stepsPerTurn: 1,
    steps: 5,
    loraRank: 8,
  },
  {
    name: "gpt2-long",
    ...gpt2Small,
    batchSize: 4,
    contextLength: 1024,
    stepsPerTurn: 1,
    steps: 1,
    alone: true,
    onlyAsked: true,
  },
];

/** A model whose server is put under load. */
export interface ServedDecoder extends BenchPart {
  readonly sizes: Gpt2Config;
}

export const servedDecoders: readonly ServedDecoder[] = [
  {
    name: "serving-small",
    onlyAsked: true,
    sizes: { numLayers: 4, numHeads: 4, width: 128, vocabSize: 8192, contextLength: 1024 },
  },
  { name: "serving", sizes: { ...gpt2Small, contextLength: 1024 } },
];

/** "12 layers, 12 heads, width 768, vocab 50257, 4 x 256". */
function shapeOf(d: BenchDecoder): string {
  const sizes = `${d.numLayers} layers, ${d.numHeads} heads, width ${d.width}, vocab ${d.vocabSize}`;
  const adapter = d.loraRank === undefined ? "" : `, LoRA of rank ${d.loraRank}`;
  return `${sizes}, ${d.batchSize} x ${d.contextLength}${adapter}`;
}

/** The decoder as `benchTraining` takes it. */
export function decoderTraining(d: BenchDecoder): Workload {
  const { name, numLayers, numHeads, width, vocabSize, batchSize, contextLength, loraRank } = d;
  const sizes = [numLayers, numHeads, width, vocabSize, batchSize, contextLength, loraRank ?? []].flat();
  return {
    name,
    onlyAsked: d.onlyAsked,
    shape: shapeOf(d),
    unit: "tokens",
    unitsPerStep: batchSize * contextLength,
    stepsPerTurn: d.stepsPerTurn,
    steps: d.steps,
    inInt8: !d.alone && loraRank === undefined,
    worker: besides("training-worker", import.meta.url),
    yardstick: d.alone ? undefined : yardstick("pytorch_gpt2"),
    // In the order that the worker and the yardstick take them in.
    args: sizes.map(String),
  };
}
