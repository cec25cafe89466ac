import type { Tensor } from "../core/graph/tensor.js";
import { add, div, maximum, minimum, mul, sub } from "../core/ops/elementwise.js";
import { split } from "../core/ops/slice.js";

/** Distances [b, 4, y, x] from a point to the left, top, right and bottom of a box around it; none is below 0. */
type Distances = Tensor<"b c h w">;

/** Square pixels; what is smaller has no overlap that could be told. */
const least = 1e-6;

/**
 * How far two boxes around one point overlap, [b, 1, y, x]: intersection over union, and that less the share of the
 * box around both that neither fills. (GIoU: Rezatofighi et al. 2019, algorithm 1) Of boxes without area, 0.
 */
export function boxOverlap(a: Distances, b: Distances) {
  const inner = areaOf(minimum(a, b));
  const outer = areaOf(maximum(a, b));
  const union = sub(add(areaOf(a), areaOf(b)), inner);
  const share = (part: Tensor<"b c h w">, whole: Tensor<"b c h w">) => div(part, maximum(whole, least));
  const iou = share(inner, union);
  return { iou, giou: sub(iou, share(sub(outer, union), outer)) };
}

function areaOf(distances: Distances): Tensor<"b c h w"> {
  const [left, top, right, bottom] = split(distances, 4, 1);
  return mul(add(left, right), add(top, bottom));
}
