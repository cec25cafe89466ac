/** Connectionist temporal classification against PyTorch. See make_ctc_goldens.py. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { grad } from "../../src/core/autodiff/grad.js";
import { input } from "../../src/core/graph/tensor.js";
import { sum } from "../../src/core/ops/movement.js";
import { ctcLabels, meanCtcLoss } from "../../src/objectives/ctc.js";
import { ctcLoss } from "../../src/objectives/ctc-loss.js";
import { validUpTo } from "../../src/objectives/padded-objective.js";
import { evaluate } from "../evaluate.js";

interface Golden {
  name: string;
  shape: [number, number, number];
  spread: number;
  labels: number[][];
  frames: number[];
  losses: number[];
  mean: number;
  gradients: { stride: number; values: number[] };
}

const goldens: Golden[] = JSON.parse(readFileSync(new URL("goldens/ctc.json", import.meta.url), "utf8"));

/** Of losses, and of gradients, which are shares of a frame: ten times what was seen in float32. */
const tolerance = { loss: 5e-6, gradient: 6e-5 };

it.each(goldens)("$name", async ({ shape, spread, labels, frames, losses, mean, gradients }) => {
  const [b, t, v] = shape;
  const most = Math.max(1, ...labels.map((row) => row.length));
  const logits = input<"b t v">("logits", "float32", shape);
  const targets = {
    labels: input<"b u">("labels", "int64", [b, most]),
    valid: input<"b t">("valid", "float32", [b, t]),
  };
  const counted = input<"b">("counted", "float32", [b]);
  const ofRows = ctcLoss(logits, targets);
  const [gradient] = grad(sum(ofRows), [logits]);
  const result = await evaluate(
    { ofRows, gradient, mean: meanCtcLoss(logits, targets, counted).loss },
    {
      logits: Array.from({ length: b * t * v }, (_, i) => spread * (((i * 7919) % 1009) / 1009 - 0.5)),
      labels: [...ctcLabels(labels, most, v)],
      valid: [...validUpTo(frames, t)],
      counted: Array(b).fill(1),
    },
  );
  for (const [row, loss] of losses.entries()) {
    expect(Math.abs(result.ofRows[row] - loss)).toBeLessThanOrEqual(tolerance.loss * Math.max(1, loss));
  }
  expect(result.mean[0] / mean).toBeCloseTo(1, 5);
  for (const [i, expected] of gradients.values.entries()) {
    expect(Math.abs(result.gradient[i * gradients.stride] - expected)).toBeLessThan(tolerance.gradient);
  }
});
