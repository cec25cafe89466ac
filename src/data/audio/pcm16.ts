/** One step of 16 bits is 2^-15, above zero as below it, as libsndfile and Transformers have it. */
const SCALE = 2 ** 15;

/** Samples from -1 to 1 as whole numbers of 16 bits; what lies outside is clipped. */
export function toPcm16(samples: Float32Array): Int16Array<ArrayBuffer> {
  return Int16Array.from(samples, (value) =>
    Math.max(-SCALE, Math.min(SCALE - 1, Math.round(value * SCALE))),
  );
}

/** The samples that whole numbers of 16 bits stand for. */
export function fromPcm16(pcm: Int16Array): Float32Array {
  return Float32Array.from(pcm, (value) => value / SCALE);
}

/** How many samples `toPcm16` clips by more than its rounding. */
export function countClipped(samples: Float32Array): number {
  return samples.reduce((count, value) => count + (Math.abs(value) > 1 ? 1 : 0), 0);
}
