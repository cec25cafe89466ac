interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * A plane [h, w] in another size: bilinear between pixel centres, without smoothing before (PyTorch's `interpolate`
 * with mode "bilinear" and align_corners false).
 */
export function resizeBilinear(plane: Float32Array, from: Size, to: Size): Float32Array {
  if (from.height === to.height && from.width === to.width) return plane;
  const result = new Float32Array(to.height * to.width);
  const columns = Array.from({ length: to.width }, (_, x) => between(x, from.width, to.width));
  for (let y = 0; y < to.height; y++) {
    const row = between(y, from.height, to.height);
    const [upper, lower] = [row.before * from.width, row.after * from.width];
    for (let x = 0; x < to.width; x++) {
      const { before, after, share } = columns[x];
      const top = (1 - share) * plane[upper + before] + share * plane[upper + after];
      const bottom = (1 - share) * plane[lower + before] + share * plane[lower + after];
      result[y * to.width + x] = (1 - row.share) * top + row.share * bottom;
    }
  }
  return result;
}

/** Between which old places a new one lies, and the share of the later. */
function between(place: number, from: number, to: number) {
  const exact = Math.max(0, ((place + 0.5) * from) / to - 0.5);
  const before = Math.min(Math.floor(exact), from - 1);
  return { before, after: Math.min(before + 1, from - 1), share: exact - before };
}
