/** einsum and rearrange: matrix products and movement by named axes. Plain functions of primitives. */
import { type Axes, type PatternOperands, type PatternResult, parseAxes } from "../graph/axes.js";
import { divideSizes, multiplySizes, type Size, sizeOf } from "../graph/size.js";
import { formatType, named, ShapeError, type Tensor } from "../graph/tensor.js";
import { mul } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { reshape, sum, transpose } from "./movement.js";

/**
 * Moves, splits and merges axes: `rearrange("b t (h d) -> b h t d", x, { h: 12 })`. Every name stands on
 * both sides; of a group on the left all sizes but one are given. After einops (Rogozhnikov 2022).
 */
export function rearrange<const P extends string>(
  pattern: P,
  x: PatternOperands<P>[0],
  sizes: Record<string, Size> = {},
): PatternResult<P> {
  const [left, right] = pattern.split("->").map(parseAxes);
  const known = solveSizes(pattern, left, x, sizes);
  const from = left.flat();
  const to = right.flat();
  if (from.toSorted().join() !== to.toSorted().join()) throw mismatch(pattern, [x]);
  const apart = reshape(
    x,
    from.map((name) => known.get(name)!),
  );
  const moved = transpose(
    apart,
    to.map((name) => from.indexOf(name)),
  );
  const merged = right.map((group) => sizeOf(group.map((name) => known.get(name)!)));
  return reshape(moved, merged) as PatternResult<P>;
}

function solveSizes(pattern: string, left: Axes, x: Tensor, given: Record<string, Size>): Map<string, Size> {
  if (left.length !== x.rank) throw mismatch(pattern, [x]);
  const known = new Map(Object.entries(given));
  left.forEach((group, axis) => {
    const open = group.filter((name) => !known.has(name));
    const product = group.filter((name) => known.has(name)).map((name) => known.get(name)!);
    if (open.length > 1) throw mismatch(pattern, [x]);
    if (open.length === 1) known.set(open[0], divideSizes(x.shape[axis], product.reduce(multiplySizes, 1)));
    else if (sizeOf(product) !== x.shape[axis]) throw mismatch(pattern, [x]);
  });
  return known;
}

/**
 * Sum of products by named axes: `einsum("b h t d, b h s d -> b h t s", q, k)`. Axes missing on the right
 * are summed; two operands become one batched matrix product. Sizes of one name must agree.
 */
export function einsum<const P extends string>(
  pattern: P,
  ...operands: PatternOperands<P>
): PatternResult<P> {
  const tensors = operands as readonly Tensor[];
  const [left, right] = pattern.split("->");
  const sides = left.split(",").map((side) => parseAxes(side).flat());
  const result = parseAxes(right).flat();
  const sizes = new Map<string, Size>();
  sides.forEach((names, k) => {
    if (names.length !== tensors[k]?.rank) throw mismatch(pattern, tensors);
    names.forEach((name, axis) => {
      const size = tensors[k].shape[axis];
      if ((sizes.get(name) ?? size) !== size) throw mismatch(pattern, tensors);
      sizes.set(name, size);
    });
  });
  if (sides.length !== tensors.length || result.some((name) => !sizes.has(name))) {
    throw mismatch(pattern, tensors);
  }
  const terms = tensors.map((tensor, k) => ({ tensor, names: sides[k] }));
  const product = terms.reduce((a, b, k) => {
    const later = new Set([...result, ...sides.slice(k + 1).flat()]);
    return multiply(a, b, later);
  });
  const summed = sumAway(product, new Set(result));
  return named(
    result.join(" "),
    transpose(
      summed.tensor,
      result.map((name) => summed.names.indexOf(name)),
    ),
  ) as PatternResult<P>;
}

interface Term {
  tensor: Tensor;
  names: string[];
}

/** Sums the axes that nothing later needs. */
function sumAway({ tensor, names }: Term, needed: Set<string>): Term {
  const gone = names.flatMap((name, axis) => (needed.has(name) ? [] : [axis]));
  return gone.length === 0
    ? { tensor, names }
    : { tensor: sum(tensor, gone), names: names.filter((name) => needed.has(name)) };
}

/** The product of two terms as one batched matrix product over their shared, no longer needed axes. */
function multiply(left: Term, right: Term, needed: Set<string>): Term {
  const a = sumAway(left, new Set([...needed, ...right.names]));
  const b = sumAway(right, new Set([...needed, ...left.names]));
  const shared = a.names.filter((name) => b.names.includes(name));
  const batch = shared.filter((name) => needed.has(name));
  const inner = shared.filter((name) => !needed.has(name));
  const rows = a.names.filter((name) => !shared.includes(name));
  const columns = b.names.filter((name) => !shared.includes(name));
  const size = (term: Term, names: string[]) =>
    names.map((name) => term.tensor.shape[term.names.indexOf(name)]);
  if (inner.length === 0) return broadcastProduct(a, b, columns);
  const product = matmul(arrange(a, batch, rows, inner), arrange(b, batch, inner, columns));
  const shape = [...size(a, batch), ...size(a, rows), ...size(b, columns)];
  return { tensor: reshape(product, shape), names: [...batch, ...rows, ...columns] };
}

/** The elementwise product over the axes of a, then those of b alone: no axis is summed. */
function broadcastProduct(a: Term, b: Term, columns: string[]): Term {
  const names = [...a.names, ...columns];
  const ones = columns.map(() => 1);
  const order = names.filter((name) => b.names.includes(name)).map((name) => b.names.indexOf(name));
  const sizes = names.map((name) => b.tensor.shape[b.names.indexOf(name)] ?? 1);
  const left = reshape(a.tensor, [...a.tensor.shape, ...ones]);
  return { tensor: mul(left, reshape(transpose(b.tensor, order), sizes)), names };
}

/** The term as [batch..., first, second], with each of the last two merged to one axis. */
function arrange({ tensor, names }: Term, batch: string[], first: string[], second: string[]): Tensor {
  const order = [...batch, ...first, ...second].map((name) => names.indexOf(name));
  const moved = transpose(tensor, order);
  const b = batch.length;
  const f = b + first.length;
  return reshape(moved, [
    ...moved.shape.slice(0, b),
    sizeOf(moved.shape.slice(b, f)),
    sizeOf(moved.shape.slice(f)),
  ]);
}

function mismatch(pattern: string, tensors: readonly Tensor[]): ShapeError {
  return new ShapeError(
    "a pattern does not fit its tensors",
    `"${pattern}" with ${tensors.map(formatType).join(", ")}`,
    "name every axis once a tensor and give equal sizes to equal names",
  );
}
