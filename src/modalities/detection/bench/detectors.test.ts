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
import { detectorTask } from "./detector-task.js";
import { benchDetectors, detectorTraining } from "./detectors.js";

const folder = temporaryFolder();
/** So high that a level has an odd number of rows. */
const tiny = { ...benchDetectors[0], batchSize: 2, height: 72, width: 64 };
const { task, batch } = detectorTask(tiny);
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const parameters = task.parameters.map(({ shape }) => count(shape)).reduce((a, b) => a + b);
const first = "backbone.body.conv1.weight";

/** Every weight drawn anew, with the batch. */
function drawFeeds(): Record<string, number[]> {
  const stream = randomStream(3, "weights");
  const draw = (length: number) => Array.from({ length }, () => 0.2 * (stream.uniform() - 0.5));
  const weights = task.parameters.map(({ name, shape }) => [name, draw(count(shape))]);
  const values = Object.entries(batch).map(([name, data]) => [name, [...data]]);
  return Object.fromEntries([...weights, ...values]);
}

/** What bench/pytorch_detector.py makes of the same; nothing without PyTorch. */
async function yardstickValues(
  feeds: Record<string, number[]>,
): Promise<{ parameters: number; loss: number; gradient: number[] } | undefined> {
  if (!existsSync(defaultPython)) return undefined;
  const path = join(folder, "feeds.json");
  writeFileSync(path, JSON.stringify(feeds));
  const { batchSize, height, width } = tiny;
  const source = `
import importlib.util, json, sys
if not importlib.util.find_spec("torch"): sys.exit(print("null"))
sys.path.insert(0, ${JSON.stringify(dirname(yardstick("pytorch_detector")))})
import torch
from pytorch_detector import Detector
feeds = json.load(open(${JSON.stringify(path)}))
model = Detector()
model.load_state_dict({name: torch.tensor(feeds[name]).view_as(p) for name, p in model.state_dict().items()})
images = torch.tensor(feeds["images"]).view(${batchSize}, 3, ${height}, ${width})
labels = torch.tensor(feeds["classMap"]).view(${batchSize}, ${height / 8}, ${width / 8})
loss = model(images, labels, torch.tensor(feeds["boxMap"]).view(${batchSize}, 4, ${height / 8}, ${width / 8}))
loss.backward()
print(json.dumps({
    "parameters": sum(p.numel() for p in model.parameters()),
    "loss": loss.item(),
    "gradient": model.backbone["body"].conv1.weight.grad.flatten().tolist(),
}))`;
  const { stdout } = await promisify(execFile)(defaultPython, ["-c", source]);
  return JSON.parse(stdout) ?? undefined;
}

describe("the benchmark of detection", () => {
  it("trains", async () => {
    const { ours, ...rest } = await benchTraining(detectorTraining(tiny), { steps: 2 });
    expect(rest).toEqual({
      name: "detector",
      shape: detectorTraining(tiny).shape,
      unit: "images",
      parameters,
    });
    expect(ours.unitsPerSecond).toBeGreaterThan(0);
    // Boxes that hardly overlap cost 2 to 4, and what is hardly said of quality a third.
    expect(ours.loss).toBeGreaterThan(1);
    expect(ours.loss).toBeLessThan(5);
  }, 60_000); // a process starts

  it("has a yardstick that is the same function", async (context) => {
    const feeds = drawFeeds();
    const theirs = await yardstickValues(feeds);
    if (!theirs) return context.skip();
    const p = inputsFor(task.parameters);
    const tensors = Object.entries(task.batch).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, shape),
    ]);
    const { loss } = task.loss(p, Object.fromEntries(tensors));
    const [gradient] = grad(loss, [p(first)]);
    const ours = await evaluate({ loss, gradient }, feeds);
    expect(theirs.parameters).toBe(parameters);
    // float32 on both sides, through seventeen layers.
    expect(Math.abs(ours.loss[0] - theirs.loss)).toBeLessThan(1e-4 * theirs.loss);
    const largest = Math.max(...theirs.gradient.map(Math.abs));
    for (const [i, value] of theirs.gradient.entries()) {
      expect(Math.abs(ours.gradient[i] - value)).toBeLessThan(1e-3 * largest);
    }
  }, 60_000); // PyTorch is slow to start
});
