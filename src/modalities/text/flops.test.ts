import { expect, test } from "vitest";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import { flopsPerToken } from "./flops.js";

test("GPT-2: six a weight that multiplies, the tied head too, and attention", () => {
  const [layers, width, context, vocabSize] = [2, 32, 16, 50];
  const model = gpt2({ numLayers: layers, width, numHeads: 4, contextLength: context, vocabSize });
  const weights = layers * 12 * width * width + vocabSize * width;
  expect(flopsPerToken(model)).toBe(6 * weights + 12 * layers * width * context);
});

test.each([true, false])("a Llama has one head, tied (%s) or not", (tiedHead) => {
  const sizes = { numLayers: 1, numHeads: 4, kvHeads: 2, width: 32, hiddenWidth: 48 };
  const model = llama({ ...sizes, contextLength: 16, vocabSize: 50, tiedHead });
  const weights = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48 + 50 * 32;
  expect(flopsPerToken(model)).toBe(6 * weights + 12 * 32 * 16);
});
