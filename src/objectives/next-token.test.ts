import { describe, expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { operatorsRun } from "../../test/operators-run.js";
import { recompute } from "../core/autodiff/custom.js";
import { grad } from "../core/autodiff/grad.js";
import { input } from "../core/graph/tensor.js";
import { exp } from "../core/ops/elementwise.js";
import { randomStream } from "../core/random.js";
import { type NextTokenOptions, nextTokenLoss } from "./next-token.js";

const [rows, width, vocabulary] = [6, 5, 7];
const features = input<"n c">("features", "float32", [rows, width]);
/** What a model makes of them: inputs themselves are never computed again. */
const hidden = exp(features);
const head = input<"v c">("head", "float32", [vocabulary, width]);
const targets = input<"b t">("targets", "int64", [2, 3]);
const outputsOf = (options: NextTokenOptions) => {
  const loss = nextTokenLoss(hidden, head, targets, options);
  const [dHidden, dHead] = grad(loss, [hidden, head]);
  return { loss, dHidden, dHead };
};
const inChunks = { chunkElements: 2 * vocabulary } as const;

describe("logits that are computed again", () => {
  const noise = (name: string, length: number) => {
    const stream = randomStream(1, name);
    return Array.from({ length }, () => stream.normal());
  };
  const feeds = {
    features: noise("features", rows * width),
    head: noise("head", vocabulary * width),
    targets: [3, -100, 0, 6, 2, 2],
  };

  it.each([0, 0.1])("give the loss and the gradients of those that are kept, z-loss %d", async (zLoss) => {
    const plain = await evaluate(outputsOf({ zLoss }), feeds);
    const again = await evaluate(outputsOf({ zLoss, ...inChunks, eachLayer: recompute }), feeds);
    for (const name of ["loss", "dHidden", "dHead"] as const) {
      // Gradients of the head are summed chunk by chunk.
      again[name].forEach((value, i) => {
        expect(value).toBeCloseTo(plain[name][i], 6);
      });
    }
  });

  it("are there for one chunk at a time, on both ways", async () => {
    const frozen = ({ loss, dHidden }: ReturnType<typeof outputsOf>) => ({ loss, dHidden });
    const orderOf = async (options: NextTokenOptions) => {
      const run = await operatorsRun(frozen(outputsOf({ ...inChunks, ...options })), { early: true });
      return run.filter((operator) => /^(Gemm|MatMul|Softmax)$/.test(operator)).join(" ");
    };
    const chunks = (order: string) => Array(rows / 2).fill(order);
    // Where they are kept, all are there before the first way back.
    expect(await orderOf({})).toBe([...chunks("Gemm Softmax"), ...chunks("Gemm")].join(" "));
    expect(await orderOf({ eachLayer: recompute })).toBe(
      [...chunks("Gemm Softmax"), ...chunks("Gemm Softmax Gemm")].join(" "),
    );
  });
});
