import type { ImageShape, LabelledImage } from "./image.js";

/** Which images: to learn from, to choose by, or to tell by in the end. */
export type Split = "train" | "validation" | "test";

/** How many images each split has; only splits that are there have a number. */
export type SplitCounts = Readonly<Partial<Record<Split, number>>> & { readonly train: number };

/** A picture as a file holds it. */
export interface Picture {
  readonly source: string;
  /** Its class, or -1 where it has none. */
  readonly label: number;
  /** The encoded picture. Throws `ImageError` when this one cannot be read. */
  bytes(): Promise<Uint8Array>;
}

interface Collection {
  /** Those of the training images; [] where there are none. */
  readonly classes: readonly string[];
  readonly counts: SplitCounts;
  /** What lies beside the images and is not read, a phrase for each kind. */
  readonly leftOut: readonly string[];
}

/** Encoded pictures: a folder, a zip, a Parquet column. */
export interface PictureCollection extends Collection {
  readonly kind: "pictures";
  pictures(split: Split): AsyncIterable<Picture>;
}

/** Images of one shape as plain bytes: CIFAR, IDX. */
export interface PixelCollection extends Collection {
  readonly kind: "pixels";
  readonly shape: ImageShape;
  images(split: Split): AsyncIterable<LabelledImage>;
}
