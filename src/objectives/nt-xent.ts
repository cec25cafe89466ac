/** NT-Xent, the normalised temperature-scaled cross-entropy of SimCLR (Chen et al. 2020, equation 1). */
import { known } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, cast, div, maximum, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { greaterOrEqual } from "../core/ops/logic.js";
import { matmul, swapLast } from "../core/ops/matmul.js";
import { reshape, sum } from "../core/ops/movement.js";
import { logSumExp, max, mean, sumSquare } from "../core/ops/reduce.js";
import { slice } from "../core/ops/slice.js";
import type { ProjectedEncoder } from "../models/contrastive.js";
import { hiddenScore } from "../nn/attention.js";
import type { ImageObjective } from "./image-objective.js";

const views = 2;

/**
 * -log of the softmax, over all other rows, of a row's cosine with the other view of its image; the mean over rows
 * [b, d] in which the two views of an image are neighbours. `accuracy` is how often that view is the closest.
 */
export function ntXentLoss(projected: Tensor<"b d">, temperature: number) {
  const [rows, width] = projected.shape;
  const count = known(rows);
  const length = sqrt(sumSquare(projected, [1], { keepDims: true }));
  const unit = div(projected, maximum(length, 1e-8));
  const cosines = mul(matmul<"n m">(unit, swapLast(unit)), 1 / temperature);
  const others = add(cosines, constant(diagonal(count, hiddenScore), [count, count]));
  const apart = reshape(unit, [count / views, views, width]);
  const pair = sum<"i">(mul(slice(apart, 1, 0, 1), slice(apart, 1, 1, 2)), [1, 2]);
  const positive = mul(pair, 1 / temperature); // i, the same for both views
  const loss = sub(mean<"">(logSumExp<"n">(others, [1])), mean<"">(positive));
  const closest = reshape(max<"n">(others, [1]), [count / views, views]);
  // A tolerance, for the same cosine comes from two kinds of sum.
  const isClosest = greaterOrEqual(add(reshape(positive, [count / views, 1]), 1e-5 / temperature), closest);
  return { loss, metrics: { accuracy: mean<"">(cast(isClosest, loss.dtype)) } };
}

function diagonal(count: number, value: number): Float32Array {
  return Float32Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? value : 0));
}

/** How sharply views are told apart. */
export interface NtXentOptions {
  /** By which cosines are divided: the smaller, the more the hardest other images count. */
  readonly temperature: number;
}

/** Brings two views of an image together and apart from all others. A batch of b images holds `images` [2 b, c, h, w]. */
export function ntXent({ temperature }: NtXentOptions): ImageObjective<ProjectedEncoder> {
  return {
    views,
    batch: ({ batchSize, channels, height, width }) => ({
      images: { dtype: "float32", shape: [views * batchSize, channels, height, width] },
    }),
    complete: ({ images, labels }) => ({ images, labels }),
    loss: (model, p, { images }) => ntXentLoss(model.project(p, images), temperature),
    count: ({ labels }) => labels.length,
  };
}
