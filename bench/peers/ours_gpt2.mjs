/**
 * Ours on the weights of weights.py: STEPS training steps of a GPT-2 decoder, float32, or in int8.
 * Run: npx tsx bench/peers/ours_gpt2.mjs LAYERS HEADS WIDTH VOCAB BATCH CONTEXT WEIGHTS STEPS [int8]
 */
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { languageTask } from "../../src/objectives/task.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut, parameterTensors } from "../../src/optim/layout.js";
import { compileOptimizer } from "../../src/optim/update.js";
import { compileLoss } from "../../src/training/step.js";
import { readSafetensors } from "./safetensors.mjs";

const [numLayers, numHeads, width, vocabSize, batchSize, contextLength] = process.argv
  .slice(2, 8)
  .map(Number);
const [weights, steps, products] = process.argv.slice(8);
const model = gpt2({ numLayers, numHeads, width, vocabSize, contextLength });
const stored = readSafetensors(`${weights}.safetensors`);

/** The name that weights.py gives a parameter of the checkpoint. */
const storedName = (name) =>
  [
    ["transformer.wte", "tokens"],
    ["transformer.wpe", "positions"],
    ["transformer.ln_f", "norm"],
    ["transformer.h", "blocks"],
    ["ln_", "norm_"],
    ["attn.c_attn", "query_key_value"],
    ["attn.c_proj", "mix"],
    ["mlp.c_fc", "up"],
    ["mlp.c_proj", "down"],
  ].reduce((changed, [from, to]) => changed.replace(from, to), name);

// One group for all, as the others have it: vectors shrink as well.
const [group] = adamw({ lr: 3e-4, betas: [0.9, 0.999], weightDecay: 0.1 }).groups;
const optimizer = { groups: [{ ...group, selects: () => true }] };
const layout = layOut(model.parameters, optimizer);
const flat = () => new Float32Array(layout.size);
const state = { parameters: flat(), gradients: flat(), moments: { m: flat(), v: flat() } };
for (const [name, { data }] of parameterTensors(layout, state.parameters)) {
  data.set(stored[storedName(name)].data);
}
const task = languageTask(model, { batchSize, contextLength });
const loss = await compileLoss(nodeRuntime, task, layout, state, {
  products: products === "int8" ? "int8" : "float32",
});
const update = await compileOptimizer(nodeRuntime, optimizer, layout, state);
const batch = { inputs: stored.ids.data, targets: stored.targets.data };
const losses = [];
const seconds = [];
for (let step = 1; step <= Number(steps); step++) {
  const start = performance.now();
  losses.push((await loss.run(batch)).loss);
  await update.step({ step, gradientScale: 1 }, 1);
  seconds.push((performance.now() - start) / 1000);
}
process.stdout.write(`${JSON.stringify({ losses, seconds, version: products ?? "float32" })}\n`);
