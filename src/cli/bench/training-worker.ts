/**
 * Our side of the benchmark, one decoder a process, so that its peak memory is its own. Speaks the protocol
 * of bench/pytorch_gpt2.py and does the same work: forward, backward, AdamW on random tokens, no clipping.
 */
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { gpt2 } from "../../models/gpt2.js";
import { loraParameters, targetedLayers } from "../../nn/lora.js";
import type { Parameter } from "../../nn/parameter.js";
import { languageTask } from "../../objectives/task.js";
import { adamw } from "../../optim/adamw.js";
import { layOut } from "../../optim/layout.js";
import { compileOptimizer } from "../../optim/update.js";
import { flopsPerToken } from "../../training/flops.js";
import { compileLoss } from "../../training/step.js";
import { initialiseAll, weightsOf } from "../../training/weights.js";
import { peakBytes, serveLines } from "./side-process.js";

/** The model with its training step, or with that of an adapter of rank `loraRank` beside it. */
async function prepare(sizes: number[]) {
  const [numLayers, numHeads, width, vocabSize, batchSize, contextLength, loraRank] = sizes;
  const model = gpt2({ numLayers, numHeads, width, vocabSize, contextLength });
  const optimizer = adamw({ lr: 3e-4, weightDecay: 0.1 });
  const fresh = (parameters: readonly Parameter[]) => {
    const layout = layOut(parameters, optimizer);
    const flat = new Float32Array(layout.size);
    initialiseAll(layout, flat, 0);
    return { layout, parameters: flat };
  };
  const lora = loraRank ? { rank: loraRank, alpha: 2 * loraRank } : undefined;
  const base = lora && fresh(model.parameters);
  const trained = lora ? loraParameters(targetedLayers(model.parameters, lora), lora) : model.parameters;
  const { layout, parameters } = fresh(trained);
  const flat = () => new Float32Array(layout.size);
  const frozen = base && weightsOf(base.layout, base.parameters);
  const state = { parameters, gradients: flat(), moments: { m: flat(), v: flat() }, frozen };
  const shape = { batchSize, contextLength };
  const loss = await compileLoss(nodeRuntime, languageTask(model, shape), layout, state, { lora });
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const stream = randomStream(0, "tokens");
  const draw = () => Int32Array.from({ length: batchSize * contextLength }, () => stream.integer(vocabSize));
  const batch = { inputs: draw(), targets: draw() };
  let taken = 0;
  const step = async () => {
    const start = performance.now();
    const { loss: value } = await loss.run(batch);
    await update.step({ step: ++taken, gradientScale: 1 }, 1);
    return { seconds: (performance.now() - start) / 1000, loss: value };
  };
  return { step, parameters: layout.size, flopsPerToken: flopsPerToken(model) };
}

const { step, ...sizes } = await prepare(process.argv.slice(2).map(Number));
await serveLines(sizes, async (word) => (word === "step" ? step() : { peakBytes: peakBytes() }));
