/** One step of 16 bits is 2^-15, above zero as below it, as libsndfile and Transformers have it. */
const SCALE = 2 ** 15;

/** Samples from -1 to 1 as whole numbers of 16 bits; what lies outside is clipped. */
export function toPcm16(samples: Float32Array): Int16Array<ArrayBuffer> {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < pcm.length; i++)
    pcm[i] = Math.max(-SCALE, Math.min(SCALE - 1, Math.round(samples[i] * SCALE)));
  return pcm;
}

/** The samples that whole numbers of 16 bits stand for. */
export function fromPcm16(pcm: Int16Array): Float32Array {
  const samples = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) samples[i] = pcm[i] / SCALE;
  return samples;
}

/** How many samples `toPcm16` clips by more than its rounding. */
export function countClipped(samples: Float32Array): number {
  return samples.reduce((count, value) => count + (Math.abs(value) > 1 ? 1 : 0), 0);
}
