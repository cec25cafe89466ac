/** The recognisers of speech that `bench` trains. */
import type { Workload } from "../../../bench/bench.js";
import { besides, yardstick } from "../../../bench/scripts.js";

export interface BenchRecogniser {
  /** What `--only` calls it. */
  readonly name: string;
  readonly batchSize: number;
  /** Of a recording, 50 a second; none is padded. */
  readonly frames: number;
  readonly featureWidth: number;
  readonly width: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly hiddenWidth: number;
  readonly kernelSize: number;
  /** Symbols, the blank among them. */
  readonly vocabSize: number;
  /** Labels of a recording. */
  readonly numLabels: number;
  /** Measured steps of each side, after one to warm up. */
  readonly steps: number;
}

export const benchRecognisers: readonly BenchRecogniser[] = [
  {
    name: "conformer",
    batchSize: 16,
    frames: 150,
    featureWidth: 160,
    width: 144,
    numLayers: 4,
    numHeads: 3,
    hiddenWidth: 576,
    kernelSize: 9,
    vocabSize: 32,
    numLabels: 40,
    steps: 9,
  },
];

/** The recogniser as `benchTraining` takes it. */
export function recogniserTraining(recogniser: BenchRecogniser): Workload {
  const { name, batchSize, frames, featureWidth, width, numLayers, numHeads, steps } = recogniser;
  const { hiddenWidth, kernelSize, vocabSize, numLabels } = recogniser;
  const layers = [width, numLayers, numHeads, hiddenWidth, kernelSize];
  return {
    name,
    shape: `Conformer, ${numLayers} layers, ${numHeads} heads, width ${width}, CTC, ${batchSize} x ${frames} x ${featureWidth}`,
    unit: "frames",
    unitsPerStep: batchSize * frames,
    stepsPerTurn: 1,
    steps,
    inInt8: true,
    worker: besides("training-worker", import.meta.url),
    yardstick: yardstick("pytorch_speech"),
    // In the order that the worker and the yardstick take them in.
    args: [batchSize, frames, featureWidth, ...layers, vocabSize, numLabels].map(String),
  };
}
