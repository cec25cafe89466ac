/** What each operator computes, written plainly and without the library. */
import { at, broadcast, broadcastAt, build, indices, type Nd } from "./nd.js";
import { selectionReferences } from "./reference-selection.js";
import { windowReferences } from "./reference-windows.js";

// biome-ignore lint/suspicious/noExplicitAny: each entry knows its operator's attributes
export type Reference = (x: readonly Nd[], attrs: any) => Nd[];

const unary =
  (f: (x: number) => number): Reference =>
  ([x]) => [{ shape: x.shape, data: x.data.map(f) }];

const binary =
  (f: (a: number, b: number) => number): Reference =>
  ([a, b]) => [build(broadcast(a.shape, b.shape), (i) => f(broadcastAt(a, i), broadcastAt(b, i)))];

/** Gives `f` the elements that share all indices but those of `axes`. */
const reduction =
  (f: (values: number[]) => number): Reference =>
  ([x], { axes, keepDims }: { axes: number[]; keepDims: boolean }) => {
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const { data } = build(kept, (index) => {
      const fits = (i: number[]) => i.every((v, axis) => axes.includes(axis) || v === index[axis]);
      return f(x.data.filter((_, flat) => fits(indices(x.shape)[flat])));
    });
    return [{ data, shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)) }];
  };

/** Gives `f` each line along an axis and the position in it. */
const alongAxis =
  (f: (line: number[], position: number, attrs: { reverse: boolean }) => number): Reference =>
  ([x], attrs) => [
    build(x.shape, (index) => {
      const line = Array.from({ length: x.shape[attrs.axis] }, (_, i) => at(x, index.with(attrs.axis, i)));
      return f(line, index[attrs.axis], attrs);
    }),
  ];

const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: number[]) => total(values) / values.length;

/** Maclaurin series of the error function, good for small x. */
function erf(x: number): number {
  let term = x;
  let series = x;
  for (let n = 1; n < 40; n++) {
    term *= (-x * x) / n;
    series += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * series;
}

const elementwise: Record<string, Reference> = {
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Floor: unary(Math.floor),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Erf: unary(erf),
  Relu: unary((x) => Math.max(x, 0)),
  HardSigmoid: unary((x) => (x > 0 ? 1 : 0)),
  Cast: unary((x) => x),
  Not: unary((x) => (x ? 0 : 1)),
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Pow: binary((a, b) => a ** b),
  Max: binary(Math.max),
  Min: binary(Math.min),
  Equal: binary((a, b) => Number(a === b)),
  Less: binary((a, b) => Number(a < b)),
  LessOrEqual: binary((a, b) => Number(a <= b)),
  Greater: binary((a, b) => Number(a > b)),
  GreaterOrEqual: binary((a, b) => Number(a >= b)),
  And: binary((a, b) => Number(a && b)),
  Or: binary((a, b) => Number(a || b)),
  Where: ([condition, a, b]) => {
    const shape = broadcast(condition.shape, broadcast(a.shape, b.shape));
    return [build(shape, (i) => (broadcastAt(condition, i) ? broadcastAt(a, i) : broadcastAt(b, i)))];
  },
};

const movement: Record<string, Reference> = {
  Reshape: ([x], { shape }) => [{ shape, data: x.data }],
  Transpose: ([x], { perm }: { perm: number[] }) => [
    build(
      perm.map((axis) => x.shape[axis]),
      (index) =>
        at(
          x,
          perm.map((_, axis) => index[perm.indexOf(axis)]),
        ),
    ),
  ],
  Expand: ([x], { shape }) => [build(shape, (index) => broadcastAt(x, index))],
  Slice: ([x], { axis, start, end }) => [
    build(x.shape.with(axis, end - start), (index) => at(x, index.with(axis, index[axis] + start))),
  ],
  Pad: ([x], { axis, before, after }) => [
    build(x.shape.with(axis, before + x.shape[axis] + after), (index) =>
      at(x, index.with(axis, index[axis] - before)),
    ),
  ],
  Split: ([x], { axis, sizes }) =>
    sizes.map((size: number, k: number) => {
      const before = total(sizes.slice(0, k));
      return build(x.shape.with(axis, size), (index) => at(x, index.with(axis, before + index[axis])));
    }),
  Concat: (parts, { axis }) => {
    // Each line along the axis, from all parts, in order.
    const owners = parts.flatMap((part) => Array.from({ length: part.shape[axis] }, (_, i) => ({ part, i })));
    return [
      build(parts[0].shape.with(axis, owners.length), (index) => {
        const { part, i } = owners[index[axis]];
        return at(part, index.with(axis, i));
      }),
    ];
  },
};

const reduce: Record<string, Reference> = {
  ReduceSum: reduction(total),
  ReduceMean: reduction(mean),
  ReduceMax: reduction((values) => Math.max(...values)),
  ReduceMin: reduction((values) => Math.min(...values)),
  ReduceSumSquare: reduction((values) => total(values.map((v) => v * v))),
  ArgMax: ([x], { axis }) =>
    reduction((values) => values.indexOf(Math.max(...values)))([x], { axes: [axis], keepDims: false }),
  CumSum: alongAxis((line, at, { reverse }) => total(reverse ? line.slice(at) : line.slice(0, at + 1))),
};

const matmul: Record<string, Reference> = {
  MatMul: ([a, b]) => {
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const inner = a.shape.at(-1)!;
    return [
      build([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
        const [row, column] = index.slice(-2);
        const lead = index.slice(0, -2);
        const products = Array.from(
          { length: inner },
          (_, k) => broadcastAt(a, [...lead, row, k]) * broadcastAt(b, [...lead, k, column]),
        );
        return total(products);
      }),
    ];
  },
  Gemm: ([a, b, c], { transA, transB }) => {
    const inner = a.shape[transA ? 0 : 1];
    return [
      build([a.shape[transA ? 1 : 0], b.shape[transB ? 0 : 1]], ([row, column]) => {
        const products = Array.from(
          { length: inner },
          (_, k) => at(a, transA ? [k, row] : [row, k]) * at(b, transB ? [column, k] : [k, column]),
        );
        return total(products) + (c ? broadcastAt(c, [row, column]) : 0);
      }),
    ];
  },
};

/** Halves go to the even neighbour. */
function roundToEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

const quantise: Record<string, Reference> = {
  QuantizeLinear: ([x], { dtype, zero }) => {
    const [least, most] = dtype === "uint8" ? [0, 255] : [-128, 127];
    const code = (v: number) => Math.min(most, Math.max(least, roundToEven(v) + zero));
    return [{ shape: x.shape, data: x.data.map(code) }];
  },
  MatMulIntegerToFloat: ([a, b, scale], { zero }) => [
    build([a.shape[0], b.shape[1]], ([row, column]) => {
      const products = Array.from(
        { length: a.shape[1] },
        (_, k) => (at(a, [row, k]) - zero) * at(b, [k, column]),
      );
      return total(products) * at(scale, [column]);
    }),
  ],
};

const gather: Record<string, Reference> = {
  Gather: ([x, picks], { axis }) => {
    const shape = [...x.shape.slice(0, axis), ...picks.shape, ...x.shape.slice(axis + 1)];
    return [
      build(shape, (index) => {
        const pick = at(picks, index.slice(axis, axis + picks.shape.length));
        return at(x, [...index.slice(0, axis), pick, ...index.slice(axis + picks.shape.length)]);
      }),
    ];
  },
  ScatterND: ([x, rows, updates]) => [
    build(x.shape, (index) => {
      const hits = indices(rows.shape.slice(0, -1)).filter((row) => at(rows, [...row, 0]) === index[0]);
      return at(x, index) + total(hits.map((row) => at(updates, [...row, ...index.slice(1)])));
    }),
  ],
  GatherElements: ([x, picks], { axis }) => [
    build(picks.shape, (index) => at(x, index.with(axis, at(picks, index)))),
  ],
  ScatterElements: ([x, picks, updates], { axis }) => [
    build(x.shape, (index) => {
      const hits = indices(picks.shape).filter((from) =>
        index.every((i, k) => i === (k === axis ? at(picks, from) : from[k])),
      );
      return at(x, index) + total(hits.map((from) => at(updates, from)));
    }),
  ],
};

const normalise: Record<string, Reference> = {
  Softmax: alongAxis((line, position) => Math.exp(line[position]) / total(line.map(Math.exp))),
  LogSoftmax: alongAxis((line, position) => line[position] - Math.log(total(line.map(Math.exp)))),
  LayerNormalization: ([x, scale, bias], { epsilon }) => {
    const axes = [x.shape.length - 1];
    const [mu] = reduction(mean)([x], { axes, keepDims: true });
    const centered = binary((a, b) => a - b)([x, mu], {});
    const [variance] = reduction((v) => mean(v.map((d) => d * d)))(centered, { axes, keepDims: true });
    const [inverse] = unary((v) => 1 / Math.sqrt(v + epsilon))([variance], {});
    const scaled = (i: number[]) =>
      at(centered[0], i) * broadcastAt(inverse, i) * broadcastAt(scale, i) + broadcastAt(bias, i);
    return [build(x.shape, scaled), mu, inverse];
  },
  RMSNormalization: ([x, scale], { epsilon }) => {
    const [square] = reduction((v) => mean(v.map((d) => d * d)))([x], {
      axes: [x.shape.length - 1],
      keepDims: true,
    });
    const scaled = (i: number[]) =>
      (at(x, i) / Math.sqrt(broadcastAt(square, i) + epsilon)) * broadcastAt(scale, i);
    return [build(x.shape, scaled)];
  },
  RotaryEmbedding: ([x, cos, sin, positions], { numHeads }) => {
    const half = x.shape[2] / numHeads / 2;
    return [
      build(x.shape, ([b, t, c]) => {
        const angle = [at(positions, [b, t]), c % half];
        const second = Math.floor(c / half) % 2;
        const other = at(x, [b, t, second ? c - half : c + half]);
        return at(x, [b, t, c]) * at(cos, angle) + (second ? other : -other) * at(sin, angle);
      }),
    ];
  },
};

export const references: Record<string, Reference> = {
  ...elementwise,
  ...movement,
  ...reduce,
  ...matmul,
  ...quantise,
  ...gather,
  ...normalise,
  ...windowReferences,
  ...selectionReferences,
};
