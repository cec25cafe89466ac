/** Operators that choose, written plainly. */
import { at, indices, type Nd } from "./nd.js";
import type { Reference } from "./reference.js";

export const selectionReferences: Record<string, Reference> = {
  TopK: ([x], { k }: { k: number }) => {
    const length = x.shape.at(-1)!;
    const shape = x.shape.with(-1, k);
    const places = Array.from({ length: x.data.length / length }, (_, line) => {
      const numbers = x.data.slice(line * length, (line + 1) * length);
      const order = [...numbers.keys()].sort((a, b) => numbers[b] - numbers[a] || a - b);
      return order.slice(0, k);
    });
    const values = places.flatMap((line, i) => line.map((place) => x.data[i * length + place]));
    return [
      { shape, data: values },
      { shape, data: places.flat() },
    ];
  },
  NonMaxSuppression: ([boxes, scores], { overlap, threshold, limit }) => {
    const [images, classes, count] = scores.shape;
    const rows = indices([images, classes]).flatMap(([image, label]) => {
      const score = (box: number) => at(scores, [image, label, box]);
      const kept: number[] = [];
      for (const box of [...Array(count).keys()].sort((a, b) => score(b) - score(a) || a - b)) {
        const hides = (other: number) => overlapOf(boxes, image, box, other) > overlap;
        if (kept.length < limit && score(box) > threshold && !kept.some(hides)) kept.push(box);
      }
      return kept.map((box) => [image, label, box]);
    });
    const length = images * classes * limit;
    const free = Array.from({ length: length - rows.length }, () => [-1, -1, -1]);
    return [{ shape: [length, 3], data: [...rows, ...free].flat() }];
  },
};

/** Intersection over union of two boxes, whichever corners they are given by. */
function overlapOf(boxes: Nd, image: number, a: number, b: number): number {
  const sides = [0, 1].map((axis) => {
    const [first, second] = [a, b].map((box) => [
      at(boxes, [image, box, axis]),
      at(boxes, [image, box, axis + 2]),
    ]);
    const [low, high] = [Math.min, Math.max];
    const shared = low(high(...first), high(...second)) - high(low(...first), low(...second));
    return {
      shared: high(0, shared),
      first: Math.abs(first[0] - first[1]),
      second: Math.abs(second[0] - second[1]),
    };
  });
  const product = (of: "shared" | "first" | "second") => sides[0][of] * sides[1][of];
  return product("shared") / (product("first") + product("second") - product("shared"));
}
