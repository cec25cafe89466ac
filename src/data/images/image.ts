/** The fixed shape of the images of a set. */
export interface ImageShape {
  /** 3 for red, green, blue; 1 for grey. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** [channels, height, width] */
export function dimensionsOf({ channels, height, width }: ImageShape): number[] {
  return [channels, height, width];
}

export function isSameShape(a: ImageShape, b: ImageShape): boolean {
  return a.channels === b.channels && a.height === b.height && a.width === b.width;
}

/** One decoded image: bytes [channels, height, width], row-major. */
export interface LabelledImage {
  readonly pixels: Uint8Array;
  /** Its class, or -1 where it has none. */
  readonly label: number;
  /** Where it comes from, for messages. */
  readonly source: string;
}

/** Images [b, c, h, w] as training reads them, values from -1 to 1, and the class of each: -1 for none. */
export interface ImageBatch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  /** The share [b, k] of each class in an image, where images are blended; default: all of its label. */
  readonly targets?: Float32Array;
}

/** A batch of which the first `count` images are to be counted; others of the set fill it up, with label -1. */
export interface EvaluationImages extends ImageBatch {
  readonly count: number;
  /** Where each image is in its set. */
  readonly indices: readonly number[];
  /** Images from here on are in the batch already, for the set is smaller than a batch. */
  readonly distinct: number;
}
