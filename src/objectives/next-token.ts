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
import { logSumExp } from "../core/ops/reduce.js";
import { slice } from "../core/ops/slice.js";

export interface NextTokenOptions {
  /** Weight of the mean of logsumexp(logits)^2, which keeps logits small (Chowdhery et al. 2022); default 0. */
  readonly zLoss?: number;
  /** Elements of logits held at a time; the loss goes in chunks of rows beyond it. Default 2^26. */
  readonly chunkElements?: number;
}

/**
 * The loss of hidden states [t b, c] under the output embedding [v, c] for int64 targets [b, t]; a scalar.
 * Zero when every target is ignored.
 */
export function nextTokenLoss(
  rows: Tensor<"n c">,
  head: Tensor<"v c">,
  targets: Tensor<"b t">,
  { zLoss = 0, chunkElements = 2 ** 26 }: NextTokenOptions = {},
): Tensor<""> {
  const labels = reshape<"n">(transpose(targets), [rows.shape[0]]);
  const weight = cast(greaterOrEqual(labels, 0), rows.dtype);
  const share = div(weight, maximum(sum(weight), 1)); // n: 1 / count where it counts
  const total = known(rows.shape[0]);
  const step = Math.max(1, Math.min(total, Math.floor(chunkElements / known(head.shape[0]))));
  let loss: Tensor<""> | undefined;
  for (let start = 0; start < total; start += step) {
    const chunk = (x: Tensor) => slice(x, 0, start, Math.min(start + step, total));
    const part = chunkLoss(chunk(rows), head, maximum(chunk(labels), 0), chunk(share), zLoss);
    loss = loss ? add(loss, part) : part;
  }
  return loss!;
}

/**
 * sum(share * -log softmax(h W^T)[label]). With P the softmax, its gradient needs no pass over [n, v]:
 * dh = share (P W - W[label]) and dW = P^T (share h) - scatter(share h at label).
 */
function chunkLoss(
  h: Tensor<"n c">,
  w: Tensor<"v c">,
  labels: Tensor<"n">,
  share: Tensor<"n">,
  zLoss: number,
): Tensor<""> {
  const column = (x: Tensor) => reshape<"n 1">(x, [x.shape[0], 1]);
  const logits = gemm<"n v">(h, w, { transB: true });
  const p = softmax(logits);
  const likelihood = gatherElements(p, column(labels), 1);
  // The smallest normal float32: beyond it the logarithm would be infinite.
  const loss = neg(sum(mul(log(maximum(likelihood, 1.2e-38)), column(share))));
  const crossEntropy = withGradient<"">(loss, [h, w], (dy) => {
    const scale = mul(column(share), dy);
    const scaled = mul(h, scale);
    const dh = mul(sub(gemm(p, w), gather(w, labels)), scale);
    const dw = scatterAdd(gemm(p, scaled, { transA: true }), labels, neg(scaled));
    return [dh, dw];
  });
  if (zLoss === 0) return crossEntropy;
  const z = logSumExp(logits, [1]);
  return add(crossEntropy, mul(sum(mul(mul(z, z), share)), zLoss));
}
