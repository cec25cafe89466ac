/**
 * Muon: momentum whose update is orthogonalised, for matrices; AdamW for embeddings, head and vectors. A convolution's
 * kernel [out, in, k, k] is the matrix [out, in k k].
 * [Jordan et al. 2024; the scale that makes one learning rate fit both: Liu et al. 2025, section 2.2]
 */
import { known, sizeOf } from "../core/graph/size.js";
import { constant, type Tensor } from "../core/graph/tensor.js";
import { add, div, mul, sqrt, sub } from "../core/ops/elementwise.js";
import { matmul, swapLast } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { sumSquare } from "../core/ops/reduce.js";
import { type AdamWOptions, adamwGroups } from "./adamw.js";
import { type Optimizer, requireDecay, type UpdateRule } from "./optimizer.js";

/** Settings of Muon, and of AdamW for what Muon leaves. */
export interface MuonOptions {
  readonly lr: number;
  /** Default 0.95, with Nesterov's correction. */
  readonly momentum?: number;
  /** Default 0.1. */
  readonly weightDecay?: number;
  /** For everything that is not a matrix; its lr defaults to Muon's. */
  readonly adamw?: Partial<AdamWOptions>;
}

/** Muon for matrices, AdamW for everything else. Throws `OptimizerError` for a momentum or betas outside of [0, 1). */
export function muon({ lr, momentum = 0.95, weightDecay = 0.1, adamw = {} }: MuonOptions): Optimizer {
  requireDecay("momentum", momentum);
  const matrices = {
    name: "muon",
    selects: ({ role }: { role: string }) => role === "matrix",
    rule: muonRule(momentum, weightDecay),
    lr,
  };
  return { groups: [matrices, ...adamwGroups({ lr, weightDecay, ...adamw })] };
}

/** m = momentum m + g;  p = (1 - lr decay) p - lr 0.2 sqrt(max(rows, columns)) orthogonal(g + momentum m). */
function muonRule(momentum: number, weightDecay: number): UpdateRule {
  return {
    moments: ["m"],
    elementwise: false,
    scalars: ["scale", "rate", "keep"],
    scalarValues: ({ lr, gradientScale }) => ({ scale: gradientScale, rate: lr, keep: 1 - lr * weightDecay }),
    update(p, g, { m }, { scale, rate, keep }) {
      const scaled = mul(g, scale);
      const m1 = add(mul(m, momentum), scaled);
      const [count, rows, ...rest] = p.shape;
      const columns = known(sizeOf(rest));
      const batch = reshape<"n r c">(add(scaled, mul(m1, momentum)), [count, rows, columns]);
      const direction = reshape(orthogonalise(batch), p.shape);
      const size = 0.2 * Math.sqrt(Math.max(known(rows), columns));
      return { parameter: sub(mul(p, keep), mul(direction, mul(rate, size))), moments: { m: m1 } };
    },
  };
}

/** The quintic polynomial's coefficients, and how often it is applied. */
const [a, b, c] = [3.4445, -4.775, 2.0315];
const iterations = 5;
/** From this ratio of sides on the small matrices alone are iterated: 4 products of them replace 2 with the large one. */
const elongated = 2;

/**
 * Moves the singular values of each [rows, columns] matrix of a batch near 1, by five steps of the quintic
 * Newton-Schulz iteration X = a X + (b A + c A^2) X with A = X X^T, on whichever side is smaller.
 */
export function orthogonalise(batch: Tensor<"n r c">): Tensor<"n r c"> {
  const [rows, columns] = batch.shape.slice(-2).map(known);
  const isTall = rows > columns;
  const x = div(batch, add(sqrt(sumSquare(batch, [-2, -1], { keepDims: true })), 1e-7));
  const gram = (y: Tensor<"n r c">) => (isTall ? matmul(swapLast(y), y) : matmul(y, swapLast(y)));
  const apply = (turn: Tensor, y: Tensor<"n r c">) => (isTall ? matmul(y, turn) : matmul(turn, y));
  const ratio = Math.max(rows, columns) / Math.min(rows, columns);
  if (ratio >= elongated) return apply(product(gram(x)), x) as Tensor<"n r c">;
  let y = x;
  for (let i = 0; i < iterations; i++) y = add(mul(y, a), apply(polynomial(gram(y)), y)) as Tensor<"n r c">;
  return y;
}

/** b A + c A^2 */
function polynomial(gram: Tensor): Tensor {
  return add(mul(gram, b), mul(matmul(gram, gram), c));
}

/**
 * What all steps together multiply X with, from A alone: a step's factor Q = a I + b A + c A^2 is symmetric and turns A
 * into Q A Q.
 */
function product(gram: Tensor): Tensor {
  const size = known(gram.shape.at(-1)!);
  const identity = constant(
    Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? a : 0)),
    [size, size],
  );
  let all: Tensor | undefined;
  let current = gram;
  for (let i = 0; i < iterations; i++) {
    const rest = polynomial(current);
    all = all ? add(mul(all, a), matmul(all, rest)) : add(rest, identity);
    const half = add(mul(current, a), matmul(rest, current));
    current = add(mul(half, a), matmul(rest, half));
  }
  return all!;
}
