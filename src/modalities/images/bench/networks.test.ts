import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { madeUpSide } from "../../../../test/made-up-side.js";
import { temporaryFolder } from "../../../../test/temporary-folder.js";
import { yardstick } from "../../../bench/scripts.js";
import { benchTraining } from "../../../bench/training.js";
import { defaultPython } from "../../../bench/yardstick.js";
import { networkTask } from "./network-tasks.js";
import { type BenchNetwork, benchNetworks, networkTraining } from "./networks.js";

const folder = temporaryFolder();
/** As small as patches and heads allow. */
const tiny = benchNetworks.map((network) => ({ ...network, batchSize: 2, size: 8, width: 64, blocks: 1 }));

const parameterCount = (network: BenchNetwork) =>
  networkTask(network)
    .task.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1))
    .reduce((a, b) => a + b);

/** How many parameters bench/pytorch_images.py gives the tiny networks, by kind; nothing without PyTorch. */
async function yardstickCounts(): Promise<Record<string, number> | undefined> {
  const [{ channels, size, width, blocks }] = tiny;
  const source = `
import importlib.util, json, sys
if not importlib.util.find_spec("torch"): sys.exit(print("null"))
sys.path.insert(0, ${JSON.stringify(dirname(yardstick("pytorch_images")))})
from pytorch_images import NETWORKS
count = lambda network: sum(p.numel() for p in network(${channels}, ${size}, ${width}, ${blocks}).parameters())
print(json.dumps({name: count(network) for name, network in NETWORKS.items()}))`;
  if (!existsSync(defaultPython)) return undefined;
  const { stdout } = await promisify(execFile)(defaultPython, ["-c", source]);
  return JSON.parse(stdout) ?? undefined;
}

describe("the benchmark of images", () => {
  it("lets a yardstick train in turns with ours, if it has as many parameters", async () => {
    const [dit] = tiny;
    const standIn = (parameters: number) => {
      const yardstick = join(folder, `${parameters}.mjs`);
      writeFileSync(yardstick, madeUpSide({ parameters, gemmGflops: 90 }));
      return benchTraining({ ...networkTraining(dit), yardstick }, { python: process.execPath, steps: 2 });
    };
    const parameters = parameterCount(dit);
    const { ours, pytorch, ratio, int8, int8Ratio, ...rest } = await standIn(parameters);
    expect(rest).toEqual({ name: "dit", shape: networkTraining(dit).shape, unit: "images", parameters });
    // A fresh DiT predicts zero, which leaves the velocity's variance: 1/3 of images and 1 of noise, by 384 values.
    expect(Math.abs(ours.loss - 4 / 3)).toBeLessThan(0.4);
    expect(Math.abs(int8!.loss - 4 / 3)).toBeLessThan(0.4);
    expect(pytorch).toMatchObject({ unitsPerSecond: 20, peakBytes: 1e9, loss: 1.25, gemmGflops: 90 });
    expect(Object.values(pytorch!.forms)).toEqual([20, 20, 20, 20]);
    expect(ratio?.median).toBeCloseTo(ours.unitsPerSecond / 20, 9);
    expect(int8Ratio?.median).toBeCloseTo(int8!.unitsPerSecond / 20, 9);
    expect(int8!.overFloat32.median).toBeGreaterThan(0);
    await expect(standIn(parameters + 1)).rejects.toThrow(`${parameters} parameters here, ${parameters + 1}`);
  }, 60_000); // fourteen processes start

  it("has networks with as many parameters as their yardsticks", async (context) => {
    const theirs = await yardstickCounts();
    if (!theirs) return context.skip();
    expect(theirs).toEqual(
      Object.fromEntries(tiny.map((network) => [network.kind, parameterCount(network)])),
    );
  }, 60_000); // PyTorch is slow to start
});
