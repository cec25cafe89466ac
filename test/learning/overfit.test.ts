/** Each decoder learns one small batch by heart, with AdamW and with Muon: model, loss and descent together. */
import { describe, expect, it } from "vitest";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import type { Decoder } from "../../src/models/decoder.js";
import { gemma3 } from "../../src/models/gemma3.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { llama } from "../../src/models/llama.js";
import { initialise } from "../../src/nn/parameter.js";
import { languageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { muon } from "../../src/optim/muon.js";
import type { Optimizer } from "../../src/optim/optimizer.js";
import { scheduleFactor } from "../../src/optim/schedule.js";
import { compileOptimizer, momentNames } from "../../src/optim/update.js";
import { compileLoss } from "../../src/training/step.js";

const shape = { batchSize: 4, contextLength: 16 };
const sizes = { vocabSize: 29, contextLength: 16, numLayers: 2, numHeads: 4, width: 32 };
const steps = 150;

/** Random tokens: nothing in them can be guessed, so a loss near zero is memory. */
function randomBatch() {
  const stream = randomStream(1, "tokens");
  const draw = () =>
    Int32Array.from({ length: shape.batchSize * shape.contextLength }, () => stream.integer(sizes.vocabSize));
  return { inputs: draw(), targets: draw() };
}

/** Losses of all steps. */
async function train(model: Decoder, optimizer: Optimizer): Promise<number[]> {
  const layout = layOut(model.parameters, optimizer);
  const flat = () => new Float32Array(layout.size);
  const moments = Object.fromEntries(momentNames(optimizer).map((name) => [name, flat()]));
  const state = { parameters: flat(), gradients: flat(), moments };
  for (const { parameter, offset, size } of layout.slots) {
    const stream = randomStream(1, parameter.name);
    initialise(state.parameters.subarray(offset, offset + size), parameter.init, stream);
  }
  const loss = await compileLoss(nodeRuntime, languageTask(model, shape), layout, state);
  const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
  const batch = randomBatch();
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push((await loss.run(batch)).loss);
    const gradientScale = Math.min(1, 1 / (await update.gradientNorm()));
    const factor = scheduleFactor({ kind: "linear", warmupSteps: 10 }, step, steps);
    await update.step({ step: step + 1, gradientScale }, factor);
  }
  await loss.release();
  return losses;
}

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, hiddenWidth: 96 })],
  [
    "llama with grouped queries, query/key norm and tied head",
    llama({ ...sizes, kvHeads: 2, hiddenWidth: 96, qkNorm: true, tiedHead: true }),
  ],
  ["llama with biases", llama({ ...sizes, kvHeads: 2, hiddenWidth: 96, qkvBias: true })],
  ["gemma3", gemma3({ ...sizes, kvHeads: 2, hiddenWidth: 96, slidingWindow: 4, globalLayers: [1] })],
] as const)("%s learns a batch by heart", (_, model) => {
  it.each([
    ["adamw", adamw({ lr: 0.01 })],
    ["muon", muon({ lr: 0.02, weightDecay: 0 })],
  ] as const)(
    "with %s",
    async (_name, optimizer) => {
      const losses = await train(model, optimizer);
      expect(Math.abs(losses[0] - Math.log(sizes.vocabSize))).toBeLessThan(1);
      expect(losses.at(-1)).toBeLessThan(0.02);
    },
    15_000,
  );
});
