/** NT-Xent, the normalised temperature-scaled cross-entropy of SimCLR (Chen et al. 2020, equation 1). */
import { known } from "../core/graph/size.js";
import { constant, type Tensor, type TensorType } from "../core/graph/tensor.js";
import { add, cast, div, maximum, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { greaterOrEqual } from "../core/ops/logic.js";
import { matmul, swapLast } from "../core/ops/matmul.js";
import { expand, reshape, sum } from "../core/ops/movement.js";
import { logSumExp, max, mean, sumSquare } from "../core/ops/reduce.js";
import { slice } from "../core/ops/slice.js";
import type { ProjectedEncoder } from "../models/contrastive.js";
import { maskValue } from "../nn/attention.js";
import { ObjectiveError } from "./errors.js";
import {
  countOf,
  flagOf,
  type ImageBatchShape,
  type ImageObjective,
  meanOfCounted,
} from "./image-objective.js";

const views = 2;

/** Which images a loss is taken over, [i] each: 1 for yes, 0 for no. */
export interface NtXentFlags {
  /** Others count for nothing, but are still told apart from those that count. */
  readonly counted: Tensor<"i">;
  /** Others are as if they were not there. */
  readonly present: Tensor<"i">;
}

/**
 * -log of the softmax, over all other rows, of a row's cosine with the other view of its image; the mean over rows
 * [b, d] in which the two views of an image are neighbours. `accuracy` is how often that view is the closest. By
 * default all images count.
 */
export function ntXentLoss(projected: Tensor<"b d">, temperature: number, flags?: NtXentFlags) {
  const [rows, width] = projected.shape;
  const count = known(rows);
  const length = sqrt(sumSquare(projected, [1], { keepDims: true }));
  const unit = div(projected, maximum(length, 1e-8));
  const cosines = mul(matmul<"n m">(unit, swapLast(unit)), 1 / temperature);
  const notItself = add(cosines, constant(diagonal(count, maskValue), [count, count]));
  const others = flags ? add(notItself, absent(flags.present, count)) : notItself;
  const apart = reshape(unit, [count / views, views, width]);
  const pair = sum<"i">(mul(slice(apart, 1, 0, 1), slice(apart, 1, 1, 2)), [1, 2]);
  const positive = mul(pair, 1 / temperature); // i, the same for both views
  const ofRows = logSumExp<"n">(others, [1]);
  const loss = flags
    ? meanOfCounted(sub(mean(reshape(ofRows, [count / views, views]), [1]), positive), flags.counted)
    : sub(mean<"">(ofRows), mean<"">(positive));
  const closest = reshape(max<"n">(others, [1]), [count / views, views]);
  // A tolerance, for the same cosine comes from two kinds of sum.
  const isClosest = greaterOrEqual(add(reshape(positive, [count / views, 1]), 1e-5 / temperature), closest);
  return { loss, metrics: { accuracy: meanOfCounted(cast(isClosest, loss.dtype), flags?.counted) } };
}

/** What hides the rows [1, n] of images that are not there from all others. */
function absent(present: Tensor<"i">, count: number): Tensor {
  const hidden = mul(sub(1, present), maskValue);
  const ofRows = expand(reshape(hidden, [count / views, 1]), [count / views, views]);
  return reshape(ofRows, [1, count]);
}

function diagonal(count: number, value: number): Float32Array {
  return Float32Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? value : 0));
}

/** How sharply views are told apart. */
export interface NtXentOptions {
  /** By which cosines are divided: the smaller, the more the hardest other images count. */
  readonly temperature: number;
}

/**
 * Brings two views of an image together and apart from all others. A batch of b images holds `images` [2 b, c, h, w].
 * In an evaluation each image counts once, among as many others as in training: images of the set fill up the last
 * batch without counting. Of a set smaller than a batch they are told apart from what there is; one alone counts not.
 * `batch` throws `ObjectiveError` for batches of one.
 */
export function ntXent({ temperature }: NtXentOptions): ImageObjective<ProjectedEncoder> {
  const batch = ({ batchSize, channels, height, width }: ImageBatchShape): Record<string, TensorType> => {
    if (batchSize < 2) throw nothingToTellApart(`batches of ${batchSize}`);
    return { images: { dtype: "float32", shape: [views * batchSize, channels, height, width] } };
  };
  return {
    views,
    batch,
    evaluated: (shape) => ({ ...batch(shape), counted: flagOf(shape), present: flagOf(shape) }),
    complete: ({ images, labels }) => ({ images, labels }),
    loss(model, p, { images, counted, present }) {
      const flags = counted && { counted, present };
      return ntXentLoss(model.project(p, images), temperature, flags);
    },
    count(batch) {
      const { labels, present } = batch;
      const isAlone = present && (present as Float32Array)[1] === 0;
      return isAlone ? 0 : countOf(batch, labels.length / views);
    },
  };
}

function nothingToTellApart(values: string): ObjectiveError {
  return new ObjectiveError(
    "an image has no others to be told apart from",
    values,
    "give batches of two images or more; the more others, the more there is to learn",
  );
}
