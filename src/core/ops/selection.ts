/** Choosing by numbers: the largest, and boxes of which no two show the same. */
import { defineOp } from "../graph/op.js";
import { known } from "../graph/size.js";
import { apply, applyAll, formatType, ShapeError, type Tensor, type Unnamed } from "../graph/tensor.js";

interface TopKAttrs {
  k: number;
}

/**
 * The `k` largest numbers along the last axis, the largest first, of equal ones the first; and their places, int64. Has
 * no gradient. [TopK-11]
 */
export function topK(x: Tensor, k: number): [values: Tensor, places: Tensor] {
  const [values, places] = applyAll(TopK, [x], { k });
  return [values, places];
}

export const TopK = defineOp<TopKAttrs>({
  onnx: "TopK",
  type: ([x], { k }) => {
    const length = x.shape.at(-1);
    if (length === undefined || (typeof length === "number" && length < k)) {
      throw new ShapeError(
        "fewer numbers than are to be chosen",
        `${k} of ${formatType(x)}`,
        "choose at most as many as the last axis has",
      );
    }
    const shape = x.shape.with(-1, k);
    return [
      { dtype: x.dtype, shape },
      { dtype: "int64", shape },
    ];
  },
  lower: (emit, [x], { k }) => emit.node("TopK", [x, emit.sizes([k])], {}, 2),
  variadic: true,
  samples: [
    { inputs: [{ shape: [2, 5] }], attrs: { k: 3 } },
    { inputs: [{ shape: [6], values: [1, 3, -2, 3, 1, 0.5] }], attrs: { k: 4 } },
  ],
});

/** Which boxes are kept. */
export interface SuppressionAttrs {
  /** Above which intersection over union the less sure one of two boxes goes. */
  overlap: number;
  /** Above which score a box counts. */
  threshold: number;
  /** Boxes of a class in an image at most. */
  limit: number;
}

/**
 * Non-maximum suppression, each class and image for itself: of boxes [b, n, 4], each two opposite corners, and their
 * scores [b, k, n], both float32, the rows (image, class, box) of those that are kept, int64 [b k limit, 3]: by image, by
 * class, the surest first; behind them rows of -1. Throws `SizeError` where b or k is not known when the graph is
 * traced. Has no gradient. [NonMaxSuppression-11]
 */
export function nonMaxSuppression<S extends string = Unnamed>(
  boxes: Tensor,
  scores: Tensor,
  attrs: SuppressionAttrs,
): Tensor<S> {
  return apply(NonMaxSuppression, [boxes, scores], attrs);
}

export const NonMaxSuppression = defineOp<SuppressionAttrs>({
  onnx: "NonMaxSuppression",
  type: ([boxes, scores], { limit }) => {
    const [images, classes, count] = scores.shape;
    if (scores.shape.length !== 3 || String(boxes.shape) !== String([images, count, 4])) {
      throw new ShapeError(
        "boxes do not fit their scores",
        `${formatType(boxes)} and ${formatType(scores)}`,
        "give boxes [b, n, 4] and scores [b, k, n]",
      );
    }
    return { dtype: "int64", shape: [known(images) * known(classes) * limit, 3] };
  },
  // What ONNX gives is as long as boxes are kept.
  lower: (emit, [boxes, scores], { overlap, threshold, limit }, node) => {
    const [rows, columns] = node.types[0].shape.map(known);
    const kept = emit.node("NonMaxSuppression", [
      ...[boxes, scores, emit.filled(limit, "int64", [1])],
      ...[emit.filled(overlap, "float32", [1]), emit.filled(threshold, "float32", [1])],
    ]);
    const filled = emit.node("Concat", [...kept, emit.filled(-1, "int64", [rows, columns])], { axis: 0 });
    return emit.node("Slice", [...filled, emit.sizes([0]), emit.sizes([rows]), emit.sizes([0])]);
  },
  // The second box shares half of what it covers together with the first, the third more than half.
  samples: [
    { overlap: 0.5, threshold: 0.125, limit: 3 },
    { overlap: 0.5 - 2 ** -25, threshold: 0.125, limit: 3 }, // the next number of float32
    { overlap: 0.9, threshold: 0.3, limit: 2 },
    { overlap: 0.5, threshold: 1, limit: 2 },
  ].map((attrs) => ({
    inputs: [
      {
        shape: [2, 4, 4],
        values: [
          ...[0, 0, 3, 1, 1, 0, 4, 1, 0.5, 0, 3.5, 1, 9, 9, 8, 8],
          ...[0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 6, 6, 5, 5, 6, 6.5],
        ],
        dtype: "float32" as const,
      },
      {
        shape: [2, 2, 4],
        values: [0.9, 0.8, 0.7, 0.2, 0.3, 0.4, 0.5, 0.125, 0.6, 0.6, 0.05, 0.4, 0, 0, 0, 0],
        dtype: "float32" as const,
      },
    ],
    attrs,
  })),
});
