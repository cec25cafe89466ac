/** The translators that `bench` trains. */
import type { Workload } from "../../../bench/bench.js";
import { besides, yardstick } from "../../../bench/scripts.js";

export interface BenchTranslator {
  /** What `--only` calls it. */
  readonly name: string;
  /** Pairs of a step. */
  readonly batchSize: number;
  /** Tokens of a pair's source; none is padding. */
  readonly source: number;
  /** Tokens of its target, the end among them. */
  readonly target: number;
  readonly width: number;
  readonly numLayers: number;
  readonly numDecoderLayers: number;
  readonly numHeads: number;
  readonly hiddenWidth: number;
  readonly vocabSize: number;
  /** Measured steps of each side, after one to warm up. */
  readonly steps: number;
}

/** The recipe's, on sentences of the length that is commonest in Multi30k. */
export const benchTranslators: readonly BenchTranslator[] = [
  {
    name: "t5",
    batchSize: 64,
    source: 24,
    target: 24,
    width: 256,
    numLayers: 4,
    numDecoderLayers: 3,
    numHeads: 4,
    hiddenWidth: 680,
    vocabSize: 6000,
    steps: 9,
  },
];

/** The translator as `benchTraining` takes it. */
export function translatorTraining(translator: BenchTranslator): Workload {
  const { name, batchSize, source, target, steps, width, vocabSize } = translator;
  const { numLayers, numDecoderLayers, numHeads, hiddenWidth } = translator;
  const layers = [width, numLayers, numDecoderLayers, numHeads, hiddenWidth];
  return {
    name,
    shape: `T5, ${numLayers} + ${numDecoderLayers} layers, ${numHeads} heads, width ${width}, vocab ${vocabSize}, ${batchSize} x ${source}/${target}`,
    unit: "pairs",
    unitsPerStep: batchSize,
    stepsPerTurn: 1,
    steps,
    inInt8: true,
    worker: besides("training-worker", import.meta.url),
    yardstick: yardstick("pytorch_t5"),
    // In the order that the worker and the yardstick take them in.
    args: [batchSize, source, target, ...layers, vocabSize].map(String),
  };
}
