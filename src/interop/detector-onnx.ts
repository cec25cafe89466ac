/** A detector as a graph from pictures to boxes, as clients read them from a transformer that detects. */
import { constant, input, type Tensor } from "../core/graph/tensor.js";
import { add, log, maximum, minimum, mul, sigmoid, sqrt, sub } from "../core/ops/elementwise.js";
import { gather, oneHot } from "../core/ops/gather.js";
import { and, greater, greaterOrEqual, less, where } from "../core/ops/logic.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { nonMaxSuppression, topK } from "../core/ops/selection.js";
import { concat, slice } from "../core/ops/slice.js";
import { type DetectionMaps, type Detector, detectorStride } from "../models/detector.js";
import { maskValue } from "../nn/attention.js";
import { inputsFor } from "../nn/parameter.js";

/** As in `decodeMaps`. */
const kept = { threshold: 0.05, limit: 100 };

/** So many columns share what is left of a box's score that each has less than the least score. */
const backgrounds = 20;

/**
 * `logits` [1, 100, numClasses + 20] and `pred_boxes` [1, 100, 4], the centre, width and height of each as parts of the
 * picture's, of `pixel_values` [1, c, h, w]: the boxes that `decodeMaps` finds with this `overlap`, the surest first, and
 * behind them rows of the last class, which is none. A client takes the softmax of a row; that of a box is its score.
 * [transformers.js, image_processors_utils.js: post_process_object_detection]
 */
export function detectionGraph(model: Detector, overlap: number): Record<string, Tensor> {
  const { channels, height, width, numClasses } = model;
  const images = input<"b c h w">("pixel_values", "float32", [1, channels, height, width]);
  const maps = model.maps(inputsFor(model.parameters), images);
  const edges = edgesOf(model, maps);
  const found = surest(edges, scoresOf(model, maps, edges), overlap);
  const logits = logitsOf(found, numClasses);
  return {
    logits: reshape(logits, [1, ...logits.shape]),
    pred_boxes: reshape(gemm(found.edges, toCentres(model)), [1, kept.limit, 4]),
  };
}

type Size = Pick<Detector, "height" | "width">;

/** Left, top, right and bottom of every cell's box, cut off at the picture's borders, [n, 4]. */
function edgesOf({ height, width }: Size, { distances }: DetectionMaps): Tensor<"n d"> {
  const [rows, columns] = [height / detectorStride, width / detectorStride];
  const centres = Array.from({ length: rows * columns }, (_, cell) => {
    const [x, y] = [cell % columns, Math.floor(cell / columns)].map((at) => (at + 0.5) * detectorStride);
    return [x, y, x, y];
  });
  const away = mul(transpose(reshape(distances, [4, rows * columns])), constant([-1, -1, 1, 1]));
  const edges = add(away, constant(centres.flat(), [rows * columns, 4]));
  return minimum(maximum(edges, 0), constant([width, height, width, height]));
}

/** Of each class and cell, [k, n]; 0 where a box has no area. */
function scoresOf(
  { numClasses }: Detector,
  { classes, quality }: DetectionMaps,
  edges: Tensor,
): Tensor<"k n"> {
  const [cells] = edges.shape;
  const likely = sigmoid(reshape(classes, [numClasses, cells]));
  const scores = sqrt(mul(likely, sigmoid(reshape(quality, [1, cells]))));
  const isLong = less(slice(edges, 1, 0, 2), slice(edges, 1, 2, 4));
  const hasArea = and(slice(isLong, 1, 0, 1), slice(isLong, 1, 1, 2));
  return where(reshape(hasArea, [1, cells]), scores, 0);
}

interface Found {
  /** [100, 4] */
  readonly edges: Tensor;
  /** [100]; 0 where there is no box. */
  readonly scores: Tensor;
  /** int64 [100]; -1 where there is no box. */
  readonly labels: Tensor;
}

/** Those of all classes that no surer one of their class hides. */
function surest(edges: Tensor, scores: Tensor, overlap: number): Found {
  const [classes, cells] = scores.shape;
  const rows = nonMaxSuppression(reshape(edges, [1, cells, 4]), reshape(scores, [1, classes, cells]), {
    ...kept,
    overlap: Math.max(0, overlap - 2 ** -25), // boxes go from it on, where ONNX lets them go above it
  });
  const column = (at: number) => reshape(slice(rows, 1, at, at + 1), [rows.shape[0]]);
  const [labels, boxes] = [column(1), column(2)];
  const places = maximum(add(mul(labels, cells as number), boxes), 0);
  const own = gather(reshape(scores, [scores.size]), places);
  const [best, order] = topK(where(greaterOrEqual(labels, 0), own, 0), kept.limit);
  return { scores: best, labels: gather(labels, order), edges: gather(edges, gather(boxes, order)) };
}

/** [100, k + 20] */
function logitsOf({ scores, labels }: Found, numClasses: number): Tensor {
  const score = reshape(scores, [kept.limit, 1]);
  const own = where(oneHot(labels, numClasses), log(score), maskValue);
  const rest = log(mul(sub(1, score), 1 / backgrounds));
  const nothing = constant(
    Array.from({ length: backgrounds }, (_, i) => (i === backgrounds - 1 ? 0 : maskValue)),
  );
  return concat([own, where(greater(score, 0), rest, nothing)], 1);
}

/** Times left, top, right and bottom: centre, width and height as parts of the picture's. */
function toCentres({ height, width }: Size): Tensor {
  const [x, y] = [1 / width, 1 / height];
  return constant([x / 2, 0, -x, 0, 0, y / 2, 0, -y, x / 2, 0, x, 0, 0, y / 2, 0, y], [4, 4]);
}
