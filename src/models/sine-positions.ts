import { ModelError } from "./shapes.js";

/**
 * Fixed positions [1 + rows * columns, width] of a class token, which gets zeros, and of a grid in reading order:
 * one half of a vector holds sines and cosines of the column, the other of the row, at frequencies from 1 down to
 * 1/10000. Throws `ModelError` when 4 does not divide the width. [He et al. 2022; Vaswani et al. 2017]
 */
export function sinePositions(rows: number, columns: number, width: number): Float32Array {
  if (width % 4 !== 0) {
    throw new ModelError(
      "positions of two coordinates need a width that 4 divides",
      `width ${width}`,
      "choose a multiple of 4",
    );
  }
  const table = new Float32Array((1 + rows * columns) * width);
  for (let place = 0; place < rows * columns; place++) {
    const vector = table.subarray((1 + place) * width, (2 + place) * width);
    sinusoids(vector.subarray(0, width / 2), place % columns);
    sinusoids(vector.subarray(width / 2), Math.floor(place / columns));
  }
  return table;
}

/** Sines, then cosines. */
function sinusoids(target: Float32Array, position: number): void {
  const count = target.length / 2;
  for (let i = 0; i < count; i++) {
    const angle = position / 10_000 ** (i / count);
    target[i] = Math.sin(angle);
    target[count + i] = Math.cos(angle);
  }
}
