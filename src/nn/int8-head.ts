/**
 * The loss of a softmax over many classes with all products in int8. The vocabulary goes in pieces: a piece's
 * probabilities are rounded beside the largest among them, so that those far from it keep their digits, and only their
 * codes are kept for the backward pass, a quarter of the memory.
 */
import { withGradient } from "../core/autodiff/custom.js";
import { known } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, exp, log, maximum, mul, neg, sub } from "../core/ops/elementwise.js";
import { gather, scatterAdd } from "../core/ops/gather.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { int8Product, roundTo8 } from "../core/ops/quantise.js";
import { max } from "../core/ops/reduce.js";
import { concat, slice } from "../core/ops/slice.js";
import { randomStream } from "../core/random.js";
import { narrowest, roundedColumns, roundedRows } from "./int8-linear.js";

/** Pieces of the vocabulary, of no fewer than `narrowest` classes. */
const mostPieces = 16;
/** Probabilities are not negative: their codes have all of 0 to 255. */
const mostLevels = 255;

/**
 * -log softmax(h W^T)[label] a row. The label's own logit is h W[label] in float32. As in float32 the gradient needs
 * no logits: dh = dy (P W - W[label]), dW = P^T (dy h) - scatter(dy h at label), with P of each piece its codes times one
 * number a row.
 */
export function int8TokenLosses(
  h: Tensor<"n c">,
  w: Tensor<"v c">,
  labels: Tensor<"n">,
  levels: number,
): Tensor<"n"> {
  const column = (x: Tensor) => reshape<"n 1">(x, [x.shape[0], 1]);
  const [left, right] = [roundedRows(h), roundedRows(w, levels, "int8")];
  const bounds = piecesOf(known(w.shape[0]));
  const drawn = thresholds(known(h.shape[0]), bounds[0][1]);
  const pieces = bounds.map(([start, end]) => {
    const own = (x: Tensor) => slice(x, 0, start, end);
    const logits = mul(
      int8Product<"n v">(left.codes, transpose(own(right.codes)), reshape(own(right.scale), [-1])),
      left.scale,
    );
    // Of a share of one: the largest code.
    const reference = sub(max<"n 1">(logits, [1], { keepDims: true }), Math.log(mostLevels));
    const shares = exp(sub(logits, reference));
    const total = sum<"n 1">(shares, [1], { keepDims: true });
    const codes = roundTo8(add(shares, slice(drawn, 1, 0, end - start)), "uint8", 0);
    return { weights: own(w), reference, total, codes };
  });
  const most = pieces.map(({ reference }) => reference).reduce((a, b) => maximum(a, b));
  const totals = pieces.map(({ reference, total }) => mul(exp(sub(reference, most)), total));
  const logSum = add(most, log(totals.reduce((a, b) => add(a, b)))); // n 1
  const own = gather(w, labels); // n c
  const losses = reshape<"n">(sub(logSum, sum(mul(h, own), [1], { keepDims: true })), labels.shape);
  return withGradient<"n">(losses, [h, w], (dy) => {
    const scaled = mul(h, column(dy));
    const parts = pieces.map(({ weights, reference, codes }) => {
      const perCode = exp(sub(reference, logSum)); // n 1
      const across = roundedColumns(weights, levels);
      const down = roundedColumns(mul(scaled, perCode), levels);
      return {
        dh: mul(int8Product(codes, across.codes, reshape(across.scale, [-1]), 0), perCode),
        dw: int8Product(transpose(codes), down.codes, reshape(down.scale, [-1]), 0),
      };
    });
    const dh = mul(
      sub(
        parts.map((part) => part.dh).reduce((a, b) => add(a, b)),
        own,
      ),
      column(dy),
    );
    const dw = concat(
      parts.map((part) => part.dw),
      0,
    );
    return [dh, scatterAdd(dw, labels, neg(scaled))];
  });
}

/**
 * Added before rounding, so that probabilities of less than half a code are not always zero: of 50,257 classes the small
 * ones together have a twentieth to a tenth of a row, and would never be pushed down. [dither; Gupta et al. 2015]
 */
function thresholds(rows: number, classes: number): Tensor {
  const stream = randomStream(0, "thresholds of codes");
  return constant(
    Float32Array.from({ length: rows * classes }, () => stream.uniform() - 0.5),
    [rows, classes],
  );
}

/** Starts and ends; all but the last are multiples of eight long. */
function piecesOf(classes: number): [number, number][] {
  const length = Math.max(narrowest, 8 * Math.ceil(classes / mostPieces / 8));
  return Array.from({ length: Math.ceil(classes / length) }, (_, i) => [
    i * length,
    Math.min((i + 1) * length, classes),
  ]);
}
