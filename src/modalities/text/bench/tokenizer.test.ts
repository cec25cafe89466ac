import { expect, it } from "vitest";
import { benchTokenizer, tokenizerTable } from "./tokenizer.js";

it("trains and times a tokenizer on the bytes it was given", async () => {
  const result = await benchTokenizer(200_000, 400);
  expect(result.bytes).toBeGreaterThan(199_000);
  expect(result.bytes).toBeLessThan(201_000);
  expect(result.vocabSize).toBe(400);
  expect(result.bytesPerToken).toBeGreaterThan(1.5);
  expect(result.encodingMegabytesPerSecond).toBeGreaterThan(0);
});

it("prints one row", () => {
  const table = tokenizerTable({
    bytes: 1e7,
    vocabSize: 8192,
    trainingSeconds: 0.31,
    encodingMegabytesPerSecond: 57.64,
    bytesPerToken: 3.978,
  });
  expect(table.split("\n").at(-1)).toBe("| 10.0 MB, vocab 8192 | 0.3 s | 57.6 MB/s | 3.98 |");
});
