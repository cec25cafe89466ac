/**
 * Next token: the mean negative log-likelihood, in nats, of each token given those before it, over the
 * positions whose target is not negative (-100 by custom). Targets are the inputs shifted by one.
 */
import { withGradient } from "../core/autodiff/custom.js";
import { known } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, cast, div, log, maximum, mul, neg, sub } from "../core/ops/elementwise.js";
import { gather, gatherElements, scatterAdd } from "../core/ops/gather.js";
import { greaterOrEqual } from "../core/ops/logic.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { softmax } from "../core/ops/normalise.js";
import { logSumExp, mean } from "../core/ops/reduce.js";
import { concat, slice } from "../core/ops/slice.js";
import type { Batch } from "../data/training-data.js";
import { int8TokenLosses } from "../nn/int8-head.js";
import { paysInInt8 } from "../nn/int8-linear.js";
import { type EachLayer, plainly } from "../nn/parameter.js";
import type { Objective, Report } from "./objective.js";

/** What is added to the loss, and how much of it is held at a time. */
export interface NextTokenOptions {
  /** Weight of the mean of logsumexp(logits)^2, which keeps logits small (Chowdhery et al. 2022); default 0. */
  readonly zLoss?: number;
  /** The share of a target that all tokens have equally (Szegedy et al. 2016, section 7); default 0. */
  readonly labelSmoothing?: number;
  /**
   * Elements of logits held at a time; the loss goes in chunks of rows beyond it. Default 2^26, where they are computed
   * again 2^22.
   */
  readonly chunkElements?: number;
  /** As `Parameters` have it: where layers are computed again, so are logits. */
  readonly eachLayer?: EachLayer;
  /** Of products in int8, as `Parameters` have it; absent: in float32, as they are beside a `zLoss`. */
  readonly int8Levels?: number;
}

/**
 * The loss of hidden states [t b, c] under the output embedding [v, c] for int64 targets [b, t]; a scalar.
 * Zero when every target is ignored.
 */
export function nextTokenLoss(
  rows: Tensor<"n c">,
  head: Tensor<"v c">,
  targets: Tensor<"b t">,
  options: NextTokenOptions = {},
): Tensor<""> {
  const { losses, weight } = tokenLosses(rows, head, targets, options);
  return div(sum(mul(losses, weight)), maximum(sum(weight), 1));
}

/**
 * The loss of each token [n], in the rows' order, and its weight: 1 where it counts, 0 where the target is
 * ignored.
 */
export function tokenLosses(
  rows: Tensor<"n c">,
  head: Tensor<"v c">,
  targets: Tensor<"b t">,
  { zLoss = 0, labelSmoothing = 0, int8Levels, eachLayer = plainly, ...options }: NextTokenOptions = {},
): { losses: Tensor<"n">; weight: Tensor<"n"> } {
  const labels = reshape<"n">(transpose(targets), [rows.shape[0]]);
  const weight = cast(greaterOrEqual(labels, 0), rows.dtype);
  const total = known(rows.shape[0]);
  const { chunkElements = eachLayer === plainly ? 2 ** 26 : 2 ** 22 } = options;
  const step = Math.max(1, Math.min(total, Math.floor(chunkElements / known(head.shape[0]))));
  const parts: Tensor<"n">[] = [];
  const inInt8 = int8Levels !== undefined && zLoss === 0 && paysInInt8(rows, head);
  const lossesOf = (h: Tensor, chunkLabels: Tensor) =>
    inInt8 ? int8TokenLosses(h, head, chunkLabels, int8Levels) : chunkLosses(h, head, chunkLabels, zLoss);
  for (let start = 0; start < total; start += step) {
    const chunk = (x: Tensor) => (step === total ? x : slice(x, 0, start, Math.min(start + step, total)));
    parts.push(eachLayer(() => lossesOf(chunk(rows), maximum(chunk(labels), 0))));
  }
  const losses = parts.length === 1 ? parts[0] : concat(parts, 0);
  if (labelSmoothing === 0) return { losses, weight };
  const lead = leadOfTargets(rows, head, maximum(labels, 0));
  return { losses: add(losses, mul(lead, labelSmoothing)), weight };
}

/**
 * By how much a target's logit is above the mean of all: h (W[label] - mean W) a row. The mean of all classes' losses is
 * that of the label and this, so smoothed labels need no pass over [n, v] either.
 */
function leadOfTargets(h: Tensor<"n c">, w: Tensor<"v c">, labels: Tensor<"n">): Tensor<"n"> {
  return sum<"n">(mul(h, sub(gather(w, labels), mean(w, [0]))), [1]);
}

/**
 * -log softmax(h W^T)[label] a row. With P the softmax and dy the gradient of the result, its gradient needs
 * no pass over [n, v]: dh = dy (P W - W[label]) and dW = P^T (dy h) - scatter(dy h at label).
 */
function chunkLosses(h: Tensor<"n c">, w: Tensor<"v c">, labels: Tensor<"n">, zLoss: number): Tensor<"n"> {
  const column = (x: Tensor) => reshape<"n 1">(x, [x.shape[0], 1]);
  const logits = gemm<"n v">(h, w, { transB: true });
  const p = softmax(logits);
  const likelihood = reshape<"n">(gatherElements(p, column(labels), 1), labels.shape);
  // The smallest normal float32: beyond it the logarithm would be infinite.
  const losses = neg(log(maximum(likelihood, 1.2e-38)));
  const crossEntropy = withGradient<"n">(losses, [h, w], (dy) => {
    const scaled = mul(h, column(dy));
    const dh = mul(sub(gemm(p, w), gather(w, labels)), column(dy));
    const dw = scatterAdd(gemm(p, scaled, { transA: true }), labels, neg(scaled));
    return [dh, dw];
  });
  if (zLoss === 0) return crossEntropy;
  const z = logSumExp<"n">(logits, [1]);
  return add(crossEntropy, mul(mul(z, z), zLoss));
}

/**
 * Next token as training asks for it: batches of int32 `inputs` and `targets` [b, t], and with `packed` also
 * `positions` and `segments` of several texts a row.
 */
export function nextToken({
  packed = false,
  ...options
}: NextTokenOptions & { packed?: boolean } = {}): Objective {
  const by = (settings: NextTokenOptions): Pick<Objective, "loss"> => ({
    loss: (predict, head, { inputs, targets, positions, segments }, { int8Levels, eachLayer } = {}) => {
      const rows = predict(inputs, packed ? { positions, segments } : undefined);
      return { loss: nextTokenLoss(rows, head, targets, { ...settings, int8Levels, eachLayer }) };
    },
  });
  return {
    ...by(options),
    // What keeps logits small or labels soft is no part of how well a text is predicted.
    evaluation:
      options.zLoss || options.labelSmoothing ? by({ ...options, zLoss: 0, labelSmoothing: 0 }) : undefined,
    batch: ({ batchSize, contextLength }) => {
      const names = ["inputs", "targets", ...(packed ? ["positions", "segments"] : [])];
      const type = { dtype: "int64", shape: [batchSize, contextLength] } as const;
      return Object.fromEntries(names.map((name) => [name, type]));
    },
    counts: "tokens",
    count: countTokens,
    report: perplexity,
  };
}

/** How many of a batch's targets count. */
export function countTokens({ targets }: Batch): number {
  let count = 0;
  for (const target of targets) if (target >= 0) count++;
  return count;
}

/** e^loss, and where `totals` has the `tokens` and UTF-8 `bytes` of a text, the bits a byte: comparable between tokenizers. */
export const perplexity: Report = (loss, { tokens, bytes }) => ({
  perplexity: Math.exp(loss),
  ...(bytes > 0 ? { bitsPerByte: (loss / Math.LN2) * (tokens / bytes) } : {}),
});
