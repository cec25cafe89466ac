/** The loss of the next token with smoothed labels against PyTorch's cross_entropy. See make_label_smoothing_goldens.py. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input } from "../../src/core/graph/tensor.js";
import { mul } from "../../src/core/ops/elementwise.js";
import { nextTokenLoss, tokenLosses } from "../../src/objectives/next-token.js";
import { evaluate } from "../evaluate.js";

interface Golden {
  name: string;
  sizes: [number, number, number];
  spread: number;
  targets: number[];
  labelSmoothing: number;
  losses: number[];
  mean: number;
  dh: number[];
  dw: number[];
}

const file = new URL("goldens/label-smoothing.json", import.meta.url);
const goldens: Golden[] = JSON.parse(readFileSync(file, "utf8"));

/** Relative to the largest loss or gradient of a case: a few times what was seen in float32. */
const tolerance = 2e-6;

const cases = goldens.flatMap((golden) => [
  { ...golden, chunkElements: undefined },
  { ...golden, name: `${golden.name}, in chunks`, chunkElements: 2 * golden.sizes[2] },
]);

it.each(cases)(
  "$name",
  async ({ sizes: [n, c, v], spread, targets, labelSmoothing, chunkElements, ...golden }) => {
    const h = input<"n c">("h", "float32", [n, c]);
    const w = input<"v c">("w", "float32", [v, c]);
    const labels = input<"b t">("targets", "int64", [1, n]);
    const options = { labelSmoothing, chunkElements };
    const { losses, weight } = tokenLosses(h, w, labels, options);
    const mean = nextTokenLoss(h, w, labels, options);
    const [dh, dw] = grad(mean, [h, w]);
    const numbers = (count: number, step: number) =>
      Array.from({ length: count }, (_, i) => spread * (((i * step) % 1009) / 1009 - 0.5));
    const result = await evaluate(
      { losses: mul(losses, weight), mean, dh, dw },
      { h: numbers(n * c, 7919), w: numbers(v * c, 104729), targets },
    );
    const expected = { losses: golden.losses, mean: [golden.mean], dh: golden.dh, dw: golden.dw };
    for (const [name, values] of Object.entries(expected)) {
      const scale = Math.max(...values.map(Math.abs));
      const errors = values.map((value, i) => Math.abs(result[name as keyof typeof result][i] - value));
      expect(Math.max(...errors) / scale, name).toBeLessThan(tolerance);
    }
  },
);
