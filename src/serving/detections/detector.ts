/** What stands between the routes of detections and a model that finds things. */
import type { Edges } from "../../data/detection/boxes.js";

/** A detector as clients see it. */
export interface ServedDetector {
  readonly name: string;
  /** What it knows, in the order of their numbers. */
  readonly classes: readonly string[];
  /** How sure a box is at least, from 0 to 1, where nobody says otherwise. */
  readonly threshold?: number;
  /** Throws `RequestError` for a picture that cannot be read. */
  find(asked: DetectionRequest, signal: AbortSignal): Promise<FoundInPicture>;
  /** The picture with the boxes, a PNG file. Throws as `find` does. */
  draw(asked: DetectionRequest, signal: AbortSignal): Promise<Uint8Array>;
}

/** What is to be looked at, and how. */
export interface DetectionRequest {
  /** A file's bytes; what a client calls it says nothing. */
  readonly picture: Uint8Array;
  /** How sure a box is at least, from 0 to 1; default: the detector's own. */
  readonly threshold?: number;
}

/** The things in a picture, surest first, in pixels of the upright picture. */
export interface FoundInPicture {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly (Edges & { readonly label: string; readonly score: number })[];
}
