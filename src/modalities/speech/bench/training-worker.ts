/** Our side of the benchmark of recognisers, one a process, so that its peak memory is its own: random recordings. */

import { serveTraining } from "../../../bench/training-side.js";
import { recogniserTask } from "./recogniser-task.js";

const [batchSize, frames, featureWidth, ...rest] = process.argv.slice(2).map(Number);
const [width, numLayers, numHeads, hiddenWidth, kernelSize, vocabSize, numLabels] = rest;
const input = { batchSize, frames, featureWidth, vocabSize, numLabels };

await serveTraining(recogniserTask({ ...input, width, numLayers, numHeads, hiddenWidth, kernelSize }));
