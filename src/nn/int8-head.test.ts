import { describe, expect, it } from "vitest";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { mul } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import { fillNormal, randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { compile, hostTensor, int64Tensor } from "../core/runtime/session.js";
import { tokenLosses } from "../objectives/next-token.js";

/** Rows, channels and classes; the classes are five pieces and a shorter one. */
const [n, c, v] = [136, 128, 5 * 128 + 130];

const drawn = (name: string, size: number, std: number) => {
  const data = new Float32Array(size);
  fillNormal(data, randomStream(1, name), std);
  return data;
};
const labels = Int32Array.from({ length: n }, (_, i) => (i % 7 === 3 ? -100 : (i * 53) % v));
const feeds = {
  // Logits with a deviation of two: a few classes take most of the probability.
  h: hostTensor("float32", [n, c], drawn("h", n * c, 1)),
  w: hostTensor("float32", [v, c], drawn("w", v * c, 2 / Math.sqrt(c))),
  dy: hostTensor("float32", [n], drawn("dy", n, 1)),
  targets: int64Tensor(labels, [1, n]),
};

async function run(int8Levels?: number, { threads = 1, labelSmoothing = 0 } = {}) {
  const [h, w] = [input("h", "float32", [n, c]), input("w", "float32", [v, c])];
  const options = { int8Levels, labelSmoothing };
  const { losses, weight } = tokenLosses(h, w, input("targets", "int64", [1, n]), options);
  const counted = mul(losses, weight);
  const [dh, dw] = grad(sum(mul(counted, input("dy", "float32", [n]))), [h, w]);
  const session = await compile(nodeRuntime, { counted, dh, dw }, { threads, spin: false });
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

const { int8Levels } = await nodeRuntime.kernels!("cpu");

describe("a head in int8", () => {
  it.each([
    ["hard", 0],
    ["smoothed", 0.1],
  ])(
    "has float32's losses and gradients to a hundredth or two, and zeros where no target counts: %s labels",
    async (_, labelSmoothing) => {
      const [exact, coarse] = [
        await run(undefined, { labelSmoothing }),
        await run(int8Levels, { labelSmoothing }),
      ];
      for (const [name, values] of Object.entries(exact)) {
        const square = (of: (i: number) => number) => values.reduce((total, _, i) => total + of(i) ** 2, 0);
        const error = Math.sqrt(square((i) => coarse[name][i] - values[i]) / square((i) => values[i]));
        expect(error, name).toBeLessThan(0.02);
        expect(error, name).toBeGreaterThan(0);
      }
      labels.forEach((label, row) => {
        if (label >= 0) return;
        expect(coarse.counted[row]).toBe(0);
        expect(coarse.dh.subarray(row * c, (row + 1) * c).every((value) => value === 0)).toBe(true);
      });
    },
  );

  it("loses no probability that is less than half a code", async () => {
    // One class far above 500 others: each of these has 1 / 1000 of its probability, a quarter of a code.
    const [rows, width, classes] = [256, 128, 501];
    const [h, w] = [input("h", "float32", [rows, width]), input("w", "float32", [classes, width])];
    const targets = input("targets", "int64", [1, rows]);
    const { losses } = tokenLosses(h, w, targets, { int8Levels });
    const [dw] = grad(sum(losses), [w]);
    const session = await compile(nodeRuntime, { dw }, { threads: 1, spin: false });
    const first = new Float32Array(classes * width);
    first.fill(Math.log(1000) / width, 0, width);
    const results = await session.run({
      h: hostTensor("float32", [rows, width], new Float32Array(rows * width).fill(1)),
      w: hostTensor("float32", [classes, width], first),
      targets: int64Tensor(new Int32Array(rows), [1, rows]),
    });
    await session.release();
    const others = (results.dw.data as Float32Array).subarray(width);
    const expected = rows / (1000 + classes - 1);
    // 500 classes in 256 rows, each up or down by chance.
    expect(others.reduce((a, b) => a + b) / others.length / expected).toBeCloseTo(1, 1);
  });

  it("has the same bits for any number of threads", async () => {
    expect(await run(int8Levels, { threads: 2 })).toEqual(await run(int8Levels));
  });
});
