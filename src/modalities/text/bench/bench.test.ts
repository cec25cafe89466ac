import { describe, expect, it } from "vitest";
import { printed } from "../../../../test/printed.js";
import { BenchError } from "../../../bench/side-process.js";
import { benchTraining } from "../../../bench/training.js";
import type { BenchResult } from "../../../cli/bench-report.js";
import { benchCommand } from "../../../cli/commands/bench.js";
import { bench } from "./bench.js";
import { benchDecoders, decoderTraining } from "./decoders.js";

const [small] = benchDecoders;

describe("the benchmark of text", () => {
  it("measures a training step in a process of its own and prints JSON", async () => {
    const command = benchCommand([{ bench }]);
    const text = await printed(command, ["--only", "small", "--steps", "3", "--no-torch", "--json"]);
    const result: BenchResult = JSON.parse(text);
    const [{ name, unit, parameters, ours, gflops, pytorch }] = result.training;
    expect(result.training).toHaveLength(1);
    expect([name, unit, parameters, pytorch]).toEqual(["small", "tokens", 809_856, undefined]);
    expect(ours.unitsPerSecond).toBeGreaterThan(10);
    expect(ours.peakBytes).toBeGreaterThan(50e6);
    expect(ours.loss).toBeLessThan(Math.log(65) + 0.5);
    expect(gflops).toBeGreaterThan(0);
    expect(result.peakGflops).toBeGreaterThan(0);
    expect(result.machine.cores).toBeGreaterThan(0);
    const keys = ["date", "machine", "device", "peakGflops", "training", "serving", "warnings"];
    expect(Object.keys(result)).toEqual(keys);
    expect(result.serving).toEqual([]);
  });

  it("leaves what is for a look to those who ask for it", () => {
    const parts = [...bench.workloads, ...bench.sections.flatMap((section) => section.parts)];
    expect(parts.map(({ name, onlyAsked }) => (onlyAsked ? `(${name})` : name))).toEqual([
      ...["small", "medium", "gpt2", "gpt2-lora", "(gpt2-long)"],
      ...["tokenizer", "decoding", "(serving-small)", "serving"],
    ]);
    const alone = bench.workloads.filter(({ yardstick }) => !yardstick);
    expect(alone.map(({ name }) => name)).toEqual(["gpt2-long"]);
  });

  it("measures a section when it is asked to", async () => {
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const [tokenizer] = bench.sections;
    const report = await tokenizer.measure(["tokenizer"], { seconds: 1, announce: say, warn: say });
    expect(said).toEqual(["byte-pair tokenizer"]);
    expect(report.results).toEqual({ tokenizer: expect.objectContaining({ vocabSize: 8192 }) });
    expect(report.tables).toEqual([expect.stringMatching(/^\| byte-pair tokenizer \| training \|/)]);
  });

  it("says which side broke off and why", async () => {
    const broken = decoderTraining({ ...small, numHeads: 7 });
    await expect(benchTraining(broken)).rejects.toThrow(/broke off[\s\S]*numHeads does not divide width/);
    const missing = benchTraining(decoderTraining(small), { python: "/no/such/python", steps: 1 });
    await expect(missing).rejects.toThrow(BenchError);
  });
});
