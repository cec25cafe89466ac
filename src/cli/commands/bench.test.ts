import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { printed } from "../../../test/printed.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { median, quantile } from "../../bench/figures.js";
import { type BenchResult, markdown } from "../../bench/report.js";
import { BenchError } from "../../bench/side-process.js";
import { benchTraining, startOurs, startYardstick } from "../../bench/training.js";
import { defaultPython, yardstick } from "../../bench/yardstick.js";
import { networkTask } from "../../modalities/images/bench/network-tasks.js";
import { type BenchNetwork, benchNetworks, networkTraining } from "../../modalities/images/bench/networks.js";
import { benchDecoders, decoderTraining } from "../../modalities/text/bench/decoders.js";
import { benchDecoding, disagreements, type OtherSide } from "../../modalities/text/bench/decoding.js";
import { type ServingPhase, type ServingResult, shortfalls } from "../../modalities/text/bench/serving.js";
import { benchTokenizer } from "../../modalities/text/bench/tokenizer.js";
import { benchCommand } from "./bench.js";

const folder = temporaryFolder();
const [small] = benchDecoders;
/** As small as patches and heads allow. */
const tiny = benchNetworks.map((network) => ({ ...network, batchSize: 2, size: 8, width: 64, blocks: 1 }));

const parameterCount = (network: BenchNetwork) =>
  networkTask(network)
    .task.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1))
    .reduce((a, b) => a + b);

/** A program that speaks the yardstick's protocol: a step takes a tenth of a second, it says. */
const yardstickSaying = (ready: object) => `
  import { createInterface } from "node:readline";
  const say = (reply) => console.log(JSON.stringify(reply));
  say(${JSON.stringify(ready)});
  const replies = { step: { seconds: 0.1, loss: 1.25 }, peak: { peakBytes: 1e9 } };
  for await (const word of createInterface({ input: process.stdin })) say(replies[word]);`;

/** How many parameters bench/pytorch_images.py gives the tiny networks; nothing without PyTorch. */
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

const side: OtherSide = {
  speeds: { writing: 20, reading: 200 },
  ratios: { writing: { median: 1.5, min: 1.25, max: 2 }, reading: { median: 1, min: 0.5, max: 3 } },
  sameTokens: 48,
  peakBytes: 1e9,
};

const phase: ServingPhase = {
  clients: 16,
  seconds: 20,
  answers: 123,
  errors: [],
  tokensPerSecond: 90,
  firstTokenMs: { median: 70.4, p95: 140 },
  blockedMs: 12.3,
  residentBytes: { warm: 1e9, end: 1.01e9 },
};
const alone: ServingPhase = { ...phase, clients: 1, seconds: 5, answers: 7, tokensPerSecond: 30 };
const served: ServingResult = { name: "serving", parameters: 124e6, phases: [alone, phase, alone], ratio: 3 };

describe("bench", () => {
  it("measures a training step in a process of its own and prints JSON", async () => {
    const text = await printed(benchCommand(), ["--only", "small", "--steps", "3", "--no-torch", "--json"]);
    const result: BenchResult = JSON.parse(text);
    const [{ name, parameters, ours, gflops, pytorch }] = result.training;
    expect(result.training).toHaveLength(1);
    expect([name, parameters, pytorch, result.torch]).toEqual(["small", 809_856, undefined, undefined]);
    expect(ours.unitsPerSecond).toBeGreaterThan(10);
    expect(ours.peakBytes).toBeGreaterThan(50e6);
    expect(ours.loss).toBeLessThan(Math.log(65) + 0.5);
    expect(gflops).toBeGreaterThan(0);
    expect(result.peakGflops).toBeGreaterThan(0);
    expect(result.machine.cores).toBeGreaterThan(0);
  });

  it("lets a yardstick train on images in turns with ours, if it has as many parameters", async () => {
    const [dit] = tiny;
    const standIn = (parameters: number) => {
      const yardstick = join(folder, `${parameters}.mjs`);
      writeFileSync(yardstick, yardstickSaying({ parameters, gemmGflops: 90 }));
      return benchTraining({ ...networkTraining(dit), yardstick }, { python: process.execPath, steps: 2 });
    };
    const parameters = parameterCount(dit);
    const { ours, pytorch, ratio, ...rest } = await standIn(parameters);
    expect(rest).toEqual({ name: "dit", shape: networkTraining(dit).shape, unit: "images", parameters });
    // A fresh DiT predicts zero, which leaves the velocity's variance: 1/3 of images and 1 of noise, by 384 values.
    expect(Math.abs(ours.loss - 4 / 3)).toBeLessThan(0.4);
    expect(pytorch).toEqual({ unitsPerSecond: 20, peakBytes: 1e9, loss: 1.25, gemmGflops: 90 });
    expect(ratio?.median).toBeCloseTo(ours.unitsPerSecond / 20, 9);
    await expect(standIn(parameters + 1)).rejects.toThrow(`${parameters} parameters here, ${parameters + 1}`);
  }, 60_000); // four processes start

  it("has networks of images with as many parameters as their yardsticks", async (context) => {
    const theirs = await yardstickCounts();
    if (!theirs) return context.skip();
    expect(theirs).toEqual(
      Object.fromEntries(tiny.map((network) => [network.name, parameterCount(network)])),
    );
  }, 60_000); // PyTorch is slow to start

  it("prints tables with both sides and the ratio between them", () => {
    const trained = { unitsPerSecond: 12_345, peakBytes: 5.2e9, loss: 1 };
    const result: BenchResult = {
      date: "2026-01-02T03:04:05Z",
      machine: {
        platform: "Linux",
        cpu: "A processor",
        cores: 2,
        memoryBytes: 16e9,
        freeMemoryBytes: 8e9,
        versions: { autodidact: "1.0.0", node: "20.0.0", onnxruntime: "1.0.0" },
      },
      torch: "2.0",
      peakGflops: 100,
      training: [
        {
          name: "small",
          shape: "a shape",
          unit: "tokens",
          parameters: 124e6,
          ours: trained,
          gflops: 80,
          pytorch: { ...trained, gemmGflops: 90 },
          ratio: { median: 1.5, min: 1.25, max: 2 },
        },
        { name: "dit", shape: "patches", unit: "images", parameters: 4e6, ours: trained },
      ],
      decoding: {
        ...{ parameters: 124e6, threads: 2, promptLength: 100, count: 48, readTwice: 10 },
        versions: { "llama.cpp": "3.2" },
        rows: [
          {
            form: "int8",
            ours: { speeds: { writing: 30.04, reading: 300 }, peakBytes: 1e9 },
            others: { "llama.cpp": side },
          },
        ],
      },
      serving: [served],
      warnings: ["mind the gap"],
    };
    const text = markdown(result);
    expect(text).toContain("2026-01-02, A processor, 2 cores");
    expect(text).toContain("**Warning:** mind the gap");
    const row = "| a shape (124.0M) | 12,300 | 12,300 | 1.50 (1.25..2.00) | 80 | 80% | 5.2 GB | 5.2 GB |";
    expect(text.split("\n")).toContain(row);
    expect(text.split("\n")).toContain("| patches (4.0M) | 12,300 | - | - | 5.2 GB | - |");
    expect(text).toContain("PyTorch 2.0, llama.cpp 3.2;");
    expect(text.split("\n")).toEqual(
      expect.arrayContaining([
        "| int8, 48 tokens after 100 | 30 | - | - | 20 | 1.50 (1.25..2.00) |",
        "| int8, a prompt of 100 | 300 | - | - | 200 | 1.00 (0.50..3.00) |",
        "| GPT-2 (124.0M), one client, 5 s | 7 | 0 | 30 | 1 | 70 / 140 ms | 12 ms | 1.0 GB / 1.0 GB |",
        "| GPT-2 (124.0M), 16 clients, 20 s | 123 | 0 | 90 | 3.00 | 70 / 140 ms | 12 ms | 1.0 GB / 1.0 GB |",
      ]),
    );
  });

  it("says which side broke off and why", async () => {
    const broken = { ...small, numHeads: 7 };
    await expect(startOurs(decoderTraining(broken))).rejects.toThrow(
      /broke off[\s\S]*numHeads does not divide width/,
    );
    await expect(startYardstick("/no/such/python", decoderTraining(small))).rejects.toThrow(BenchError);
  });

  it("lets a program decode beside ours, in the forms that it knows, and compares the tokens", async () => {
    const script = new URL("../../modalities/text/bench/decoding-worker.ts", import.meta.url);
    const ourselves = (name: string, format: "onnx" | "gguf") => ({ name, version: "0", script, format });
    const sizes = { numLayers: 1, numHeads: 2, width: 32, vocabSize: 300, contextLength: 64 };
    const result = await benchDecoding({
      ...{ sizes, tokenizerBytes: 2000, promptLength: 20, count: 12, turns: 2 },
      forms: ["float32", "int4"],
      peers: [ourselves("one", "onnx"), ourselves("other", "gguf")],
    });
    expect(result.rows.map(({ form, others }) => [form, Object.keys(others)])).toEqual([
      ["float32", ["one", "other"]],
      ["int4", ["one"]],
    ]);
    for (const { ours, others } of result.rows) {
      for (const { speeds, ratios, sameTokens } of Object.values(others)) {
        expect(sameTokens).toBe(12);
        expect(Math.min(speeds.writing, speeds.reading, ours.speeds.writing)).toBeGreaterThan(1);
        expect(ratios.writing.min).toBeLessThanOrEqual(ratios.writing.median);
      }
    }
    expect(disagreements(result)).toEqual([]);
    const rows = [{ ...result.rows[0], others: { one: { ...side, sameTokens: 3 } } }];
    expect(disagreements({ ...result, rows })).toEqual([expect.stringMatching(/^one .* 3 times of 12/)]);
  }, 60_000); // six processes start

  it("names what a server does not reach", () => {
    expect(shortfalls(served)).toEqual([]);
    const grown = { warm: 1e9, end: 1.06e9 };
    const bad = { ...phase, errors: ["status 500"], blockedMs: 51, residentBytes: grown };
    expect(shortfalls({ ...served, phases: [alone, bad, alone], ratio: 2.4 })).toEqual([
      expect.stringMatching(/1 requests failed.*status 500/),
      expect.stringMatching(/blocked for 51 ms/),
      expect.stringMatching(/grew by 6%/),
      expect.stringMatching(/2\.40 times/),
    ]);
  });

  it("trains and times a tokenizer on the bytes it was given", async () => {
    const result = await benchTokenizer(200_000, 400);
    expect(result.bytes).toBeGreaterThan(199_000);
    expect(result.bytes).toBeLessThan(201_000);
    expect(result.vocabSize).toBe(400);
    expect(result.bytesPerToken).toBeGreaterThan(1.5);
    expect(result.encodingMegabytesPerSecond).toBeGreaterThan(0);
  });

  it("takes medians and quantiles", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2);
    expect(quantile([4, 1, 2, 3], 0.95)).toBe(4);
  });
});
