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
import { input } from "../../../core/graph/tensor.js";
import { randomStream } from "../../../core/random.js";
import { conformer } from "../../../models/conformer.js";
import { speechRecogniser } from "../../../models/speech-recogniser.js";
import { inputsFor } from "../../../nn/parameter.js";
import { recogniserTask } from "./recogniser-task.js";
import { benchRecognisers, recogniserTraining } from "./recognisers.js";

const folder = temporaryFolder();
/** No two sizes alike: one in another's place changes the network. */
const tiny = {
  ...{ ...benchRecognisers[0], batchSize: 2, frames: 15, featureWidth: 10, width: 24 },
  ...{ numLayers: 1, numHeads: 3, hiddenWidth: 20, kernelSize: 5, vocabSize: 7, numLabels: 4 },
};
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const { task, batch } = recogniserTask(tiny);
const parameters = task.parameters.map(({ shape }) => count(shape)).reduce((a, b) => a + b);

/** Every weight drawn anew, as fresh biases hide what becomes of them, and recordings, the second one padded. */
function drawFeeds(): Record<string, number[]> {
  const stream = randomStream(3, "weights");
  const draw = (length: number) => Array.from({ length }, () => stream.uniform() - 0.5);
  const weights = task.parameters.map(({ name, shape }) => [name, draw(count(shape))]);
  const values = Object.fromEntries(Object.entries(batch()).map(([name, data]) => [name, [...data]]));
  return { ...Object.fromEntries(weights), ...values, valid: values.valid.fill(0, -3) };
}

/** What bench/pytorch_speech.py makes of the same; nothing without PyTorch. */
async function yardstickValues(
  feeds: object,
): Promise<{ parameters: number; logits: number[]; loss: number } | undefined> {
  const path = join(folder, "feeds.json");
  writeFileSync(path, JSON.stringify(feeds));
  const { batchSize, frames, featureWidth } = tiny;
  const sizes = recogniserTraining(tiny).args.slice(1, -1).join(", ");
  const source = `
import importlib.util, json, sys
if not importlib.util.find_spec("torch"): sys.exit(print("null"))
sys.path.insert(0, ${JSON.stringify(dirname(yardstick("pytorch_speech")))})
import torch
from pytorch_speech import Recogniser
feeds = json.load(open(${JSON.stringify(path)}))
model = Recogniser(${sizes})
model.load_state_dict({name: torch.tensor(feeds[name]).view_as(p) for name, p in model.state_dict().items()})
features = torch.tensor(feeds["features"]).view(${batchSize}, ${frames}, ${featureWidth})
valid = torch.tensor(feeds["valid"]).view(${batchSize}, ${frames}) > 0
labels = torch.tensor(feeds["labels"]).view(${batchSize}, -1)
print(json.dumps({
    "parameters": sum(p.numel() for p in model.parameters()),
    "logits": model.logits(features, valid).flatten().tolist(),
    "loss": model(features, valid, labels).item(),
}))`;
  if (!existsSync(defaultPython)) return undefined;
  const { stdout } = await promisify(execFile)(defaultPython, ["-c", source]);
  return JSON.parse(stdout) ?? undefined;
}

describe("the benchmark of speech", () => {
  it("trains, in float32 and in int8", async () => {
    const { ours, int8, ...rest } = await benchTraining(recogniserTraining(tiny), { steps: 2 });
    expect(rest).toEqual({
      name: "conformer",
      shape: recogniserTraining(tiny).shape,
      unit: "frames",
      parameters,
    });
    expect(ours.unitsPerSecond).toBeGreaterThan(0);
    // Fresh scores are nearly equal, and 19 choose 8 of 15 frames' 7^15 paths read as 4 labels, fewer where one repeats.
    expect(Math.abs(ours.loss - 4.5)).toBeLessThan(0.5);
    expect(Math.abs(int8!.loss - ours.loss)).toBeLessThan(0.1);
  }, 60_000); // two processes start

  it("has a yardstick that is the same function", async (context) => {
    const feeds = drawFeeds();
    const theirs = await yardstickValues(feeds);
    if (!theirs) return context.skip();
    const p = inputsFor(task.parameters);
    const tensors = Object.fromEntries(
      Object.entries(task.batch).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const { features, valid } = tensors;
    const model = speechRecogniser(conformer(tiny), tiny.vocabSize);
    const outputs = { logits: model.logits(p, features, { valid }), loss: task.loss(p, tensors).loss };
    const { logits, loss } = await evaluate(outputs, feeds);
    expect(theirs.parameters).toBe(parameters);
    expect(theirs.loss).toBeCloseTo(loss[0], 5);
    expect(theirs.logits.length).toBe(logits.length);
    // float32 sums in another order, on numbers near one
    theirs.logits.forEach((value, i) => void expect(value, `logit ${i}`).toBeCloseTo(logits[i], 4));
  }, 60_000); // PyTorch is slow to start
});
