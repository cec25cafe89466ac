import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../../test/evaluate.js";
import { temporaryFolder } from "../../../../test/temporary-folder.js";
import { yardstick } from "../../../bench/scripts.js";
import { benchTraining } from "../../../bench/training.js";
import { defaultPython } from "../../../bench/yardstick.js";
import { grad } from "../../../core/autodiff/grad.js";
import { input } from "../../../core/graph/tensor.js";
import { randomStream } from "../../../core/random.js";
import { inputsFor } from "../../../nn/parameter.js";
import { translatorTask } from "./translator-task.js";
import { benchTranslators, translatorTraining } from "./translators.js";

const folder = temporaryFolder();
/** No two sizes alike: one in another's place changes the network. Targets reach buckets that hold several distances. */
const tiny = {
  ...{ ...benchTranslators[0], batchSize: 2, source: 21, target: 40, width: 24, numLayers: 2 },
  ...{ numDecoderLayers: 1, numHeads: 3, hiddenWidth: 20, vocabSize: 17 },
};
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const { task, batch, unitOf } = translatorTask(tiny);
const parameters = task.parameters.map(({ shape }) => count(shape)).reduce((a, b) => a + b);
const head = "shared.weight";

/** Every weight drawn anew, as fresh branches end in zeros, and pairs without dropout, the second source padded. */
function drawFeeds(): Record<string, number[]> {
  const stream = randomStream(3, "weights");
  const draw = (length: number) => Array.from({ length }, () => stream.uniform() - 0.5);
  const weights = task.parameters.map(({ name, shape }) => [name, draw(count(shape))]);
  const { dropout, ...pairs } = batch(1);
  const values = Object.fromEntries(Object.entries(pairs).map(([name, data]) => [name, [...data]]));
  return { ...Object.fromEntries(weights), ...values, sourceValid: values.sourceValid.fill(0, -3) };
}

/** What bench/pytorch_t5.py makes of the same; nothing without PyTorch. */
async function yardstickValues(
  feeds: Record<string, number[]>,
): Promise<{ parameters: number; loss: number; gradient: number[] } | undefined> {
  if (!existsSync(defaultPython)) return undefined;
  const path = join(folder, "feeds.json");
  const inTheirUnits = Object.entries(feeds).map(([name, values]) => [
    name,
    name.endsWith(".weight") ? values.map((value) => value * unitOf(name)) : values,
  ]);
  writeFileSync(path, JSON.stringify(Object.fromEntries(inTheirUnits)));
  const { batchSize } = tiny;
  const sizes = translatorTraining(tiny).args.slice(1).join(", ");
  const source = `
import importlib.util, json, sys
if not importlib.util.find_spec("torch"): sys.exit(print("null"))
sys.path.insert(0, ${JSON.stringify(dirname(yardstick("pytorch_t5")))})
import torch
from pytorch_t5 import T5
feeds = json.load(open(${JSON.stringify(path)}))
model = T5(${sizes}).eval()
model.load_state_dict({name: torch.tensor(feeds[name]).view_as(p) for name, p in model.state_dict().items()})
pairs = [torch.tensor(feeds[name]).view(${batchSize}, -1) for name in ["source", "sourceValid", "inputs", "targets"]]
loss = model(*pairs)
loss.backward()
print(json.dumps({
    "parameters": sum(p.numel() for p in model.parameters()),
    "loss": loss.item(),
    "gradient": model.shared.weight.grad.flatten().tolist(),
}))`;
  const { stdout } = await promisify(execFile)(defaultPython, ["-c", source]);
  return JSON.parse(stdout) ?? undefined;
}

describe("the benchmark of translation", () => {
  it("trains, in float32 and in int8", async () => {
    const { ours, int8, ...rest } = await benchTraining(translatorTraining(tiny), { steps: 2 });
    const { shape } = translatorTraining(tiny);
    expect(rest).toEqual({ name: "t5", shape, unit: "pairs", parameters });
    expect(ours.unitsPerSecond).toBeGreaterThan(0);
    expect(Math.abs(ours.loss - Math.log(tiny.vocabSize))).toBeLessThan(0.2); // it has learned hardly anything
    expect(Math.abs(int8!.loss - ours.loss)).toBeLessThan(0.1);
  }, 60_000); // two processes start

  it("draws anew what a step drops out", () => {
    const [first, again, second] = [batch(1), batch(1), batch(2)];
    expect(first).toEqual(again);
    expect(first.dropout).not.toEqual(second.dropout);
    expect({ ...first, dropout: [] }).toEqual({ ...second, dropout: [] });
  });

  it("has a yardstick that is the same function", async (context) => {
    const feeds = drawFeeds();
    const theirs = await yardstickValues(feeds);
    if (!theirs) return context.skip();
    const p = inputsFor(task.parameters);
    const { dropout, ...pairs } = Object.fromEntries(
      Object.entries(task.batch).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const { loss: ours } = task.loss(p, pairs);
    const [gradientOfHead] = grad(ours, [p(head)]);
    const { loss, gradient } = await evaluate({ loss: ours, gradient: gradientOfHead }, feeds);
    expect(theirs.parameters).toBe(parameters);
    expect(theirs.loss).toBeCloseTo(loss[0], 5);
    expect(theirs.gradient.length).toBe(gradient.length);
    // It reaches the embedding through every layer; float32 sums in another order, on numbers below one.
    theirs.gradient.forEach((value, i) => void expect(value, `${head} ${i}`).toBeCloseTo(gradient[i], 4));
  }, 60_000); // PyTorch is slow to start
});
