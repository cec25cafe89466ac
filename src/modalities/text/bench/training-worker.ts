/** Our side of the benchmark of decoders, one a process, so that its peak memory is its own: random tokens. */

import { serveTraining } from "../../../bench/training-side.js";
import { randomStream } from "../../../core/random.js";
import { gpt2 } from "../../../models/gpt2.js";
import { loraParameters, targetedLayers } from "../../../nn/lora.js";
import { languageTask } from "../../../objectives/task.js";
import { flopsPerToken } from "../flops.js";

const [numLayers, numHeads, width, vocabSize, batchSize, contextLength, loraRank] = process.argv
  .slice(2)
  .map(Number);
const model = gpt2({ numLayers, numHeads, width, vocabSize, contextLength });
const lora = loraRank ? { rank: loraRank, alpha: 2 * loraRank } : undefined;
const stream = randomStream(0, "tokens");
const draw = () => Int32Array.from({ length: batchSize * contextLength }, () => stream.integer(vocabSize));
const batch = { inputs: draw(), targets: draw() };

await serveTraining({
  task: languageTask(model, { batchSize, contextLength }),
  batch: () => batch,
  adapter: lora && { lora, parameters: loraParameters(targetedLayers(model.parameters, lora), lora) },
  // An adapter leaves the weights' gradients out, which are a third of them.
  flopsPerUnit: lora ? undefined : flopsPerToken(model),
});
