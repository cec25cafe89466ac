import type { ImageShape, LabelledImage } from "./image.js";

export type Split = "train" | "test";

/** A picture as a file holds it. */
export interface Picture {
  readonly source: string;
  /** Its class, or -1 where it has none. */
  readonly label: number;
  /** The encoded picture. Throws `ImageError` when this one cannot be read. */
  bytes(): Promise<Uint8Array>;
}

interface Collection {
  /** [] where there are none. */
  readonly classes: readonly string[];
  /** Whether it comes with images set apart for testing. */
  readonly hasTest: boolean;
}

/** Encoded pictures: a folder, a zip, a Parquet column. */
export interface PictureCollection extends Collection {
  readonly kind: "pictures";
  pictures(split: Split): AsyncIterable<Picture>;
}

/** Images of one shape as plain bytes: CIFAR-10, IDX. */
export interface PixelCollection extends Collection {
  readonly kind: "pixels";
  readonly shape: ImageShape;
  images(split: Split): AsyncIterable<LabelledImage>;
}
