import { describe, expect, it } from "vitest";
import { printed } from "../../../test/printed.js";
import { benchDecoders } from "../bench/decoders.js";
import { type BenchResult, markdown } from "../bench/report.js";
import { BenchError, startOurs, startYardstick } from "../bench/step-process.js";
import { benchTokenizer } from "../bench/tokenizer.js";
import { median } from "../bench/training.js";
import { benchCommand } from "./bench.js";

const [small] = benchDecoders;

describe("bench", () => {
  it("measures a training step in a process of its own and prints JSON", async () => {
    const text = await printed(benchCommand(), ["--only", "small", "--steps", "3", "--no-torch", "--json"]);
    const result: BenchResult = JSON.parse(text);
    const [{ name, parameters, ours, gflops, pytorch }] = result.training;
    expect(result.training).toHaveLength(1);
    expect([name, parameters, pytorch, result.torch]).toEqual(["small", 809_856, undefined, undefined]);
    expect(ours.tokensPerSecond).toBeGreaterThan(10);
    expect(ours.peakBytes).toBeGreaterThan(50e6);
    expect(ours.loss).toBeLessThan(Math.log(65) + 0.5);
    expect(gflops).toBeGreaterThan(0);
    expect(result.peakGflops).toBeGreaterThan(0);
    expect(result.machine.cores).toBeGreaterThan(0);
  });

  it("prints a table with both sides and the ratio between them", () => {
    const side = { tokensPerSecond: 12_345, peakBytes: 5.2e9, loss: 1 };
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
          parameters: 124e6,
          ours: side,
          gflops: 80,
          pytorch: { ...side, gemmGflops: 90 },
          ratio: { median: 1.5, min: 1.25, max: 2 },
        },
      ],
      warnings: ["mind the gap"],
    };
    const text = markdown(result);
    expect(text).toContain("2026-01-02, A processor, 2 cores");
    expect(text).toContain("**Warning:** mind the gap");
    const row = "| a shape (124.0M) | 12,300 | 12,300 | 1.50 (1.25..2.00) | 80 | 80% | 5.2 GB | 5.2 GB |";
    expect(text.split("\n")).toContain(row);
  });

  it("says which side broke off and why", async () => {
    const broken = { ...small, numHeads: 7 };
    await expect(startOurs(broken)).rejects.toThrow(/broke off[\s\S]*numHeads does not divide width/);
    await expect(startYardstick("/no/such/python", small)).rejects.toThrow(BenchError);
  });

  it("trains and times a tokenizer on the bytes it was given", async () => {
    const result = await benchTokenizer(200_000, 400);
    expect(result.bytes).toBeGreaterThan(199_000);
    expect(result.bytes).toBeLessThan(201_000);
    expect(result.vocabSize).toBe(400);
    expect(result.bytesPerToken).toBeGreaterThan(1.5);
    expect(result.encodingMegabytesPerSecond).toBeGreaterThan(0);
  });

  it("takes medians of odd and even numbers", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
