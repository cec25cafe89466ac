/** Convolutions and pooling as plain loops over positions and kernel places. */
import { at, build, flatten, indices, type Nd } from "./nd.js";
import type { Reference } from "./reference.js";

interface Window {
  strides: number[];
  padding: number[];
  dilations: number[];
}

/** Where kernel place `k` of the window at position `p` lies in the image. */
const placeOf = (p: number[], k: number[], { strides, padding, dilations }: Window) =>
  p.map((position, i) => position * strides[i] + k[i] * dilations[i] - padding[i]);

const outputSizes = (x: Nd, kernel: readonly number[], { strides, padding, dilations }: Window) =>
  kernel.map((size, i) => {
    const room = x.shape[i + 2] + 2 * padding[i] - dilations[i] * (size - 1) - 1;
    return Math.floor(room / strides[i]) + 1;
  });

const total = (values: number[]) => values.reduce((a, b) => a + b, 0);

const conv: Reference = ([x, w, bias], attrs: Window & { groups: number }) => {
  const [out, perGroup, ...kernel] = w.shape;
  return [
    build([x.shape[0], out, ...outputSizes(x, kernel, attrs)], ([n, o, ...p]) => {
      const first = Math.floor(o / (out / attrs.groups)) * perGroup;
      const products = indices([perGroup, ...kernel]).map(
        ([c, ...k]) => at(w, [o, c, ...k]) * at(x, [n, first + c, ...placeOf(p, k, attrs)]),
      );
      return total(products) + (bias?.data[o] ?? 0);
    }),
  ];
};

/** Scatters instead of gathering: each input element adds a scaled kernel to the output. */
const convTranspose: Reference = (
  [x, w, bias],
  attrs: Window & { groups: number; outputPadding: number[] },
) => {
  const [width, perGroup, ...kernel] = w.shape;
  const { strides, padding, dilations, groups, outputPadding } = attrs;
  const spatial = kernel.map(
    (size, i) =>
      strides[i] * (x.shape[i + 2] - 1) + dilations[i] * (size - 1) + 1 - 2 * padding[i] + outputPadding[i],
  );
  const shape = [x.shape[0], perGroup * groups, ...spatial];
  const data = build(shape, ([, o]) => bias?.data[o] ?? 0).data.slice();
  for (const [n, c, ...p] of indices(x.shape)) {
    const first = Math.floor(c / (width / groups)) * perGroup;
    for (const [o, ...k] of indices([perGroup, ...kernel])) {
      const place = placeOf(p, k, attrs);
      if (place.some((v, i) => v < 0 || v >= spatial[i])) continue;
      data[flatten([n, first + o, ...place], shape)] += at(x, [n, c, ...p]) * at(w, [c, o, ...k]);
    }
  }
  return [{ shape, data }];
};

/** Gives `f` the flat places of each window; -1 stands for padding. */
const pool =
  (f: (places: number[], x: Nd) => number): Reference =>
  ([x], { kernel, ...attrs }: Window & { kernel: number[] }) => {
    const window = { ...attrs, dilations: kernel.map(() => 1) };
    return [
      build([...x.shape.slice(0, 2), ...outputSizes(x, kernel, window)], ([n, c, ...p]) => {
        const places = indices(kernel).map((k) => {
          const index = [n, c, ...placeOf(p, k, window)];
          return index.every((v, i) => v >= 0 && v < x.shape[i]) ? flatten(index, x.shape) : -1;
        });
        return f(places, x);
      }),
    ];
  };

const largest = (places: number[], { data }: Nd) =>
  places.filter((place) => place >= 0).reduce((best, place) => (data[place] > data[best] ? place : best));

export const windowReferences: Record<string, Reference> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: (x, attrs) => [
    ...pool((places, image) => image.data[largest(places, image)])(x, attrs),
    ...pool(largest)(x, attrs),
  ],
  AveragePool: pool((places, { data }) => total(places.map((place) => data[place] ?? 0)) / places.length),
};
