/**
 * Connectionist temporal classification (Graves et al. 2006): -log of the probability that a softmax a frame gives to
 * all paths that read as a row's labels once repeats are merged and blanks, class 0, are dropped.
 *
 * A row has w = u + 1 slots, each a label (slot 0 has none) and the blank behind it. A loop over frames carries the
 * logarithm of the probability of all ways to have come to each label and each blank. A blank is come to from itself
 * or from the label before it; a label from itself, from the blank before it and, unless it repeats, from the label
 * before that. The sequence and the sequence turned back, frames and labels, go side by side through one loop: then
 * the probability to be anywhere at a frame is a product, and the gradient needs no second loop.
 *
 * In float32 logarithms are kept small by taking from each frame's scores the largest that its row can use. Frames of
 * padding are blanks for certain: that changes no row's probability and makes all rows equally long.
 */
import { withGradient } from "../core/autodiff/custom.js";
import { known } from "../core/graph/size.js";
import { constant, scalar, type Tensor } from "../core/graph/tensor.js";
import { abs, add, cast, log, maximum, mul, sigmoid, sub } from "../core/ops/elementwise.js";
import { gather, oneHot } from "../core/ops/gather.js";
import { equal, greater, not, where } from "../core/ops/logic.js";
import { matmul, swapLast } from "../core/ops/matmul.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { softmax } from "../core/ops/normalise.js";
import { logSumExp, max } from "../core/ops/reduce.js";
import { scan } from "../core/ops/scan.js";
import { concat, pad, slice, split, stack } from "../core/ops/slice.js";

/** What rows are to read as. */
export interface CtcTargets {
  /** int64; classes from 1 on, 0 behind the last label of a row. */
  readonly labels: Tensor<"b u">;
  /** 1 for a frame of the row, 0 for padding behind it. */
  readonly valid: Tensor<"b t">;
}

/** The logarithm of no probability; sums of it stay finite. */
const never = -1e30;
/** More nats than a row loses whose labels can be read at all. */
const beyondAll = 1e29;

/**
 * The loss of each row of scores in nats. Where no path reads as the labels it is zero and has no gradient, as by
 * PyTorch's `zero_infinity`.
 */
export function ctcLoss(logits: Tensor<"b t v">, { labels, valid }: CtcTargets): Tensor<"b"> {
  const [batch, time, classes] = logits.shape;
  const slots = pad(labels, 1, 1, 0); // b w
  const symbols = concat<"b s">([slots, mul(slots, 0)], 1); // s = 2 w: labels, then blanks
  const picked = cast(oneHot<"b s v">(symbols, known(classes)), logits.dtype);
  const { scores, top } = scoresOf(logits, picked, slots, valid);
  const places = placesOf(scores, slots);
  const found = logSumExp<"b">(slice(places, 0, 0, 1), [0, 1]); // the same at every frame
  const spread = mul(sub(logSumExp(logits, [2]), top), valid);
  const losses = sub(sum<"b">(spread, [1]), found);
  const isPossible = not(greater(losses, beyondAll));
  return withGradient(where<"b">(isPossible, losses, 0), [logits], (dy) => {
    const share = mul(valid, reshape(where(isPossible, dy, 0), [batch, 1]));
    const occupied = matmul(softmax(transpose(places, [2, 0, 1])), picked); // b t v
    return [mul(sub(softmax(logits), occupied), reshape(share, [batch, time, 1]))];
  });
}

/** Scores [b, t, s] of a row's symbols less `top` [b, t], the largest of them. A product with ones picks them exactly. */
function scoresOf(
  logits: Tensor<"b t v">,
  picked: Tensor<"b s v">,
  slots: Tensor<"b w">,
  valid: Tensor<"b t">,
) {
  const [batch, time] = valid.shape;
  const [, width] = slots.shape.map(known);
  const isBlank = constant(
    Array.from({ length: 2 * width }, (_, i) => Number(i >= width)),
    [1, 2 * width],
    "int64",
  );
  const isSymbol = greater(add(pad(slots, 1, 0, width), isBlank), 0);
  const scores = where(reshape(isSymbol, [batch, 1, 2 * width]), matmul(logits, swapLast(picked)), never);
  const top = max<"b t 1">(scores, [2], { keepDims: true });
  const certain = where(greater(isBlank, 0), scalar(0, logits.dtype), never); // 1 s
  const isFrame = reshape(greater(valid, 0), [batch, time, 1]);
  return {
    scores: where<"b t s">(isFrame, sub(scores, top), certain),
    top: reshape<"b t">(top, [batch, time]),
  };
}

/** The logarithm [t, s, b], but for a term of each row, of the probability to be in a symbol at a frame. */
function placesOf(scores: Tensor<"b t s">, slots: Tensor<"b w">): Tensor<"t s b"> {
  const [batch, width] = slots.shape.map(known);
  const time = known(scores.shape[1]);
  const size = 2 * width * batch;
  const parts = split(transpose(scores, [1, 2, 0]), 2, 1); // labels and blanks, t w b
  const turns = [turnedLabels(width), constant(falling(width), [width], "int64")];
  const turnBack = (x: Tensor, i: number) => gather(turnTime(x), turns[i], 1);
  const sequences = parts.map((part, i) => reshape(concat([part, turnBack(part, i)], 1), [time, size]));
  const none = constant(Array<number>(size).fill(never), [size], scores.dtype);
  const { kept } = scan(stepOf(batch), {
    states: [none, reshape(startsOf(slots, scores.dtype), [size])],
    sequences,
    fixed: [reshape(repeatsOf(slots), [size])],
  });
  // What is kept is from before a frame's own score, which so enters the product once.
  const products = kept.map((both, i) => {
    const [there, back] = split(reshape(both, [time, 2 * width, batch]), 2, 1);
    return add(add(there, turnBack(back, i)), parts[i]);
  });
  return concat(products, 1);
}

/**
 * One frame. Slots of all rows lie behind each other, then those of the rows turned back; what would come from a last
 * blank to a label comes to their slot 0, whose score keeps it out.
 */
function stepOf(batch: number): Parameters<typeof scan>[0] {
  return ([labels, blanks], scores, [repeats]) => {
    const intoBlanks = logAddExp(blanks, labels);
    const onward = pad(where(repeats, blanks, intoBlanks), 0, batch, -batch);
    const kept = [logAddExp(labels, onward), intoBlanks];
    return { states: kept.map((into, i) => add(into, scores[i])), kept };
  };
}

/** log(e^a + e^b), in the form with the fewest passes. */
function logAddExp(a: Tensor, b: Tensor): Tensor {
  return sub(maximum(a, b), log(sigmoid(abs(sub(a, b)))));
}

/** The blanks [2 w, b] that rows, and the rows turned back, begin in. */
function startsOf(slots: Tensor<"b w">, dtype: Tensor["dtype"]): Tensor {
  const width = known(slots.shape[1]);
  const count = sum<"b">(cast(greater(slots, 0), "int64"), [1]);
  const first = stack([mul(count, 0), sub(width - 1, count)]);
  return where(transpose(oneHot(first, width), [0, 2, 1]), scalar(0, dtype), never);
}

/** Whether the label behind a blank repeats the one before it [2 w, b], in rows and in rows turned back. */
function repeatsOf(slots: Tensor<"b w">): Tensor {
  const both = stack([slots, gather(slots, turnedLabels(known(slots.shape[1])), 1)]);
  return transpose(equal(both, pad(both, 2, -1, 1)), [0, 2, 1]);
}

function turnTime(x: Tensor): Tensor {
  const time = known(x.shape[0]);
  return gather(x, constant(falling(time), [time], "int64"));
}

/** Slot 0 has no label and stays where it is. */
function turnedLabels(width: number): Tensor {
  return constant([0, ...falling(width).slice(0, -1)], [width], "int64");
}

/** length - 1, ..., 1, 0 */
function falling(length: number): number[] {
  return Array.from({ length }, (_, i) => length - 1 - i);
}
