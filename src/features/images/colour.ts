/** Colours changed at random, in place. An image is [c, h, w] with values from -1 (none) to 1; 3 channels are RGB. */
import type { RandomStream } from "../../core/random.js";

/** Each strength `s` draws a factor from [max(0, 1 - s), 1 + s]; `hue` a turn from [-hue, hue] of the circle. */
export interface ColorJitter {
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** At most 0.5, half the circle (default 0). */
  readonly hue?: number;
  /** How likely an image is changed at all (default 1; SimCLR: 0.8). */
  readonly probability?: number;
}

/** ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Changes brightness, contrast, saturation and hue in a random order (Chen et al., "A simple framework for
 * contrastive learning", 2020, appendix A). Grey images have no saturation and no hue.
 */
export function jitterColor(
  image: Float32Array,
  channels: number,
  jitter: ColorJitter,
  random: RandomStream,
) {
  if (random.uniform() >= (jitter.probability ?? 1)) return;
  const brightness = drawFactor(jitter.brightness, random);
  const contrast = drawFactor(jitter.contrast, random);
  const saturation = drawFactor(jitter.saturation, random);
  const turn = (jitter.hue ?? 0) * (2 * random.uniform() - 1);
  const changes = [
    () => scaleBrightness(image, brightness),
    () => scaleContrast(image, channels, contrast),
    () => channels === 3 && scaleSaturation(image, saturation),
    () => channels === 3 && turnHue(image, turn),
  ];
  for (let left = changes.length; left > 0; left--) changes.splice(random.integer(left), 1)[0]();
}

function drawFactor(strength: number, random: RandomStream): number {
  const low = Math.max(0, 1 - strength);
  return low + (1 + strength - low) * random.uniform();
}

/** Blends with black. */
export function scaleBrightness(image: Float32Array, factor: number): void {
  for (let i = 0; i < image.length; i++) image[i] = clamped(factor * (image[i] + 1) - 1);
}

/** Blends with the mean of the grey image. */
export function scaleContrast(image: Float32Array, channels: number, factor: number): void {
  const size = image.length / channels;
  let sum = 0;
  for (let i = 0; i < size; i++) sum += channels === 3 ? lumaAt(image, i, size) : image[i];
  const mean = sum / size;
  for (let i = 0; i < image.length; i++) image[i] = clamped(mean + factor * (image[i] - mean));
}

/** Blends an RGB image with its grey image: at 0 nothing else is left. */
export function scaleSaturation(image: Float32Array, factor: number): void {
  const size = image.length / 3;
  for (let i = 0; i < size; i++) {
    const luma = lumaAt(image, i, size);
    for (let at = i; at < image.length; at += size) image[at] = clamped(luma + factor * (image[at] - luma));
  }
}

/** Turns the hue of an RGB image, keeping the value and chroma of HSV; 1 is all around. */
export function turnHue(image: Float32Array, turn: number): void {
  const size = image.length / 3;
  for (let i = 0; i < size; i++) {
    const [red, green, blue] = [image[i], image[i + size], image[i + 2 * size]];
    const value = Math.max(red, green, blue);
    const chroma = value - Math.min(red, green, blue);
    if (chroma === 0) continue;
    const sixth = sector(red, green, blue, value, chroma) + 6 * turn + 12;
    image[i] = value - chroma * missing(sixth + 5);
    image[i + size] = value - chroma * missing(sixth + 3);
    image[i + 2 * size] = value - chroma * missing(sixth + 1);
  }
}

/** The hue in sixths of the circle, from -1 to 5. */
function sector(red: number, green: number, blue: number, value: number, chroma: number): number {
  if (value === red) return (green - blue) / chroma;
  return value === green ? 2 + (blue - red) / chroma : 4 + (red - green) / chroma;
}

/** Which share of the chroma a channel lacks at a hue in sixths, counted from the channel's opposite. */
function missing(sixths: number): number {
  const place = sixths % 6;
  return Math.max(0, Math.min(place, 4 - place, 1));
}

function lumaAt(image: Float32Array, pixel: number, size: number): number {
  return LUMA[0] * image[pixel] + LUMA[1] * image[pixel + size] + LUMA[2] * image[pixel + 2 * size];
}

function clamped(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
