/**
 * Direct preference optimisation (Rafailov et al. 2023, equation 7): -log sigmoid(beta (log-ratio of the chosen
 * answer - log-ratio of the rejected one)), a log-ratio being log pi(answer) - log pi_ref(answer).
 */
import { known } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { abs, add, cast, div, exp, log, maximum, minimum, mul, neg, sub } from "../core/ops/elementwise.js";
import { greater, greaterOrEqual } from "../core/ops/logic.js";
import { reshape, sum } from "../core/ops/movement.js";
import { slice } from "../core/ops/slice.js";
import type { Batch } from "../data/training-data.js";
import { type NextTokenOptions, tokenLosses } from "./next-token.js";
import type { Objective } from "./objective.js";

/** How strongly preferences pull, and how sure they are. */
export interface DpoOptions extends Pick<NextTokenOptions, "chunkElements"> {
  /** How dear it is to leave the reference. */
  readonly beta: number;
  /** Share of pairs that are taken to be labelled the wrong way round (conservative DPO); default 0. */
  readonly labelSmoothing?: number;
}

/** Rows a pair: the chosen answer, then the rejected one. */
export const rowsPerPair = 2;

/**
 * Log-likelihood [b] of each row's targets, int64 [b, t], under hidden states [t b, c]; in nats, the sum over
 * the targets that count.
 */
export function sequenceLogLikelihood(
  rows: Tensor<"n c">,
  head: Tensor<"v c">,
  targets: Tensor<"b t">,
  { chunkElements, eachLayer }: Pick<NextTokenOptions, "chunkElements" | "eachLayer"> = {},
): Tensor<"b"> {
  const { losses, weight } = tokenLosses(rows, head, targets, { chunkElements, eachLayer });
  const [batch, time] = targets.shape;
  return neg(sum<"b">(reshape(mul(losses, weight), [time, batch]), [0]));
}

/**
 * The loss over log-likelihoods [p] of pairs, with the accuracy, the margin and the two rewards: means over the
 * pairs whose `weight` [p] is 1 and not 0.
 */
export function dpoLoss(
  policy: { chosen: Tensor<"p">; rejected: Tensor<"p"> },
  reference: { chosen: Tensor<"p">; rejected: Tensor<"p"> },
  weight: Tensor<"p">,
  { beta, labelSmoothing = 0 }: DpoOptions,
) {
  const mean = (x: Tensor<"p">): Tensor<""> => div(sum(mul(x, weight)), maximum(sum(weight), 1));
  const chosenReward = mul(sub(policy.chosen, reference.chosen), beta);
  const rejectedReward = mul(sub(policy.rejected, reference.rejected), beta);
  const margin = sub(chosenReward, rejectedReward);
  const right = mul(softplus(neg(margin)), 1 - labelSmoothing);
  const wrong = mul(softplus(margin), labelSmoothing);
  return {
    loss: mean(labelSmoothing === 0 ? right : add(right, wrong)),
    metrics: {
      accuracy: mean(cast(greater(margin, 0), margin.dtype)),
      margin: mean(margin),
      chosenReward: mean(chosenReward),
      rejectedReward: mean(rejectedReward),
    },
  };
}

/** log(1 + e^x) without overflow. */
function softplus<S extends string>(x: Tensor<S>): Tensor<S> {
  return add(maximum(x, 0), log(add(exp(neg(abs(x))), 1)));
}

/**
 * DPO as training asks for it. A batch of b pairs holds int32 `inputs` and `targets` [2 b, t], the chosen and
 * the rejected answer of a pair one after the other, and float32 `reference` [2 b], their log-likelihoods
 * under the reference model. A pair without targets counts for nothing.
 */
export function dpo(options: DpoOptions): Objective {
  return {
    batch: ({ batchSize, contextLength }) => {
      const rows = rowsPerPair * batchSize;
      const ids = { dtype: "int64", shape: [rows, contextLength] } as const;
      return { inputs: ids, targets: ids, reference: { dtype: "float32", shape: [rows] } };
    },
    loss: (predict, head, { inputs, targets, reference }, { eachLayer } = {}) => {
      const policy = sequenceLogLikelihood(predict(inputs), head, targets, { ...options, eachLayer });
      const counted = cast(greaterOrEqual(targets, 0), "float32");
      const isThere = minimum(sum(counted, [1]), 1);
      return dpoLoss(pairs(policy), pairs(reference), pairs(isThere).chosen, options);
    },
    counts: "pairs",
    count({ targets, reference }: Batch) {
      const width = (rowsPerPair * targets.length) / reference.length;
      let count = 0;
      for (let start = 0; start < targets.length; start += width) {
        if (targets.subarray(start, start + width).some((target) => target >= 0)) count++;
      }
      return count;
    },
  };
}

/** [2 p] as the chosen and the rejected, [p] each. */
function pairs(x: Tensor): { chosen: Tensor<"p">; rejected: Tensor<"p"> } {
  const count = known(x.shape[0]) / rowsPerPair;
  const columns = reshape(x, [count, rowsPerPair]);
  const column = (i: number) => reshape<"p">(slice(columns, 1, i, i + 1), [count]);
  return { chosen: column(0), rejected: column(1) };
}
