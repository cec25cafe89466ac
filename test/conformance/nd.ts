/** Plain arrays with a shape: what the reference implementations are written in. */
export interface Nd {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Every index of a shape, last axis fastest. */
export function indices(shape: readonly number[]): number[][] {
  return Array.from({ length: count(shape) }, (_, flat) => unflatten(flat, shape));
}

function unflatten(flat: number, shape: readonly number[]): number[] {
  const index = Array<number>(shape.length).fill(0);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}

/** The tensor whose element at each index is `element(index)`. */
export function build(shape: readonly number[], element: (index: number[]) => number): Nd {
  return { shape, data: indices(shape).map(element) };
}

/** Where an index lies in the data of a shape. */
export function flatten(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((flat, i, axis) => flat * shape[axis] + i, 0);
}

/** The element at an index; an index outside gives zero, as padding does. */
export function at({ shape, data }: Nd, index: readonly number[]): number {
  return index.every((i, axis) => i >= 0 && i < shape[axis]) ? data[flatten(index, shape)] : 0;
}

/** The element that broadcasting puts at an index of a larger shape. */
export function broadcastAt(x: Nd, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return at(
    x,
    own.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)),
  );
}

/** The shape that two shapes broadcast to, for shapes that do. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => Math.max(a.at(i - rank) ?? 1, b.at(i - rank) ?? 1));
}
