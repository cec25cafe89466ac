/** Our side of the benchmark of translators, one a process, so that its peak memory is its own: random pairs. */

import { serveTraining } from "../../../bench/training-side.js";
import { translatorTask } from "./translator-task.js";

const [batchSize, source, target, width, ...rest] = process.argv.slice(2).map(Number);
const [numLayers, numDecoderLayers, numHeads, hiddenWidth, vocabSize] = rest;
const layers = { width, numLayers, numDecoderLayers, numHeads, hiddenWidth };

await serveTraining(translatorTask({ batchSize, source, target, ...layers, vocabSize }));
