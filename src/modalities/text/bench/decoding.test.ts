import { describe, expect, inject, it } from "vitest";
import { benchDecoding, type OtherSide } from "./decoding.js";
import { decodingTable, disagreements } from "./decoding-report.js";

const side: OtherSide = {
  speeds: { writing: 20, reading: 200 },
  ratios: { writing: { median: 1.5, min: 1.25, max: 2 }, reading: { median: 1, min: 0.5, max: 3 } },
  sameTokens: 48,
  peakBytes: 1e9,
};

describe("decoding", () => {
  it("lets a program decode beside ours, in the forms that it knows, and compares the tokens", async () => {
    const own = "src/modalities/text/bench/decoding-worker.js";
    const script = new URL(own, inject("built"));
    const ourselves = (name: string, format: "onnx" | "gguf") => ({ name, version: "0", script, format });
    const sizes = { numLayers: 1, numHeads: 2, width: 32, vocabSize: 300, contextLength: 64 };
    const result = await benchDecoding({
      ...{ sizes, tokenizerBytes: 2000, promptLength: 20, count: 12, turns: 2 },
      forms: ["float32", "int4"],
      peers: [ourselves("one", "onnx"), ourselves("other", "gguf")],
    });
    expect(result.versions).toEqual({ one: "0", other: "0" });
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

  it("prints both directions of each form, with a place for each program", () => {
    const table = decodingTable({
      ...{ parameters: 124e6, threads: 2, promptLength: 100, count: 48, readTwice: 10 },
      versions: { "llama.cpp": "3.2" },
      rows: [
        {
          form: "int8",
          ours: { speeds: { writing: 30.04, reading: 300 }, peakBytes: 1e9 },
          others: { "llama.cpp": side },
        },
      ],
    });
    expect(table.split("\n")).toEqual([
      "| decoding, GPT-2 (124.0M), one text, 2 threads | tok/s | transformers.js tok/s | ratio (min..max) " +
        "| llama.cpp tok/s | ratio (min..max) |",
      "| --- | --: | --: | --: | --: | --: |",
      "| int8, 48 tokens after 100 | 30 | - | - | 20 | 1.50 (1.25..2.00) |",
      "| int8, a prompt of 100 | 300 | - | - | 200 | 1.00 (0.50..3.00) |",
      "",
      "Reading all float32 weights twice a token would give 10 tok/s.",
    ]);
  });
});
