import type { RandomStream } from "../../core/random.js";
import type { ImageShape } from "../../data/images/image.js";

const AREAS = [0.02, 0.4] as const;
const LEAST_ASPECT = 0.3;
const ATTEMPTS = 100;

/**
 * Fills a random rectangle of an image [c, h, w] with noise, in place: Zhong et al., "Random erasing data
 * augmentation", 2020, algorithm 1, with a value of its own for each pixel (RE-R). An image for which no
 * rectangle of a hundred fits stays as it is; the paper goes on for ever.
 */
export function eraseRectangle(image: Float32Array, shape: ImageShape, random: RandomStream): void {
  const { channels, height, width } = shape;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = between(AREAS[0], AREAS[1], random) * height * width;
    const aspect = between(LEAST_ASPECT, 1 / LEAST_ASPECT, random);
    const h = Math.max(1, Math.round(Math.sqrt(area * aspect)));
    const w = Math.max(1, Math.round(Math.sqrt(area / aspect)));
    const left = random.integer(width);
    const top = random.integer(height);
    if (left + w > width || top + h > height) continue;
    for (let row = 0; row < channels * h; row++) {
      const y = Math.floor(row / h) * height + top + (row % h);
      for (let at = y * width + left, end = at + w; at < end; at++) image[at] = between(-1, 1, random);
    }
    return;
  }
}

function between(low: number, high: number, random: RandomStream): number {
  return low + (high - low) * random.uniform();
}
