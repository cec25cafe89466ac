import type { Detection } from "../../data/detection/boxes.js";
import type { CellGrid } from "../../features/detection/targets.js";
import { type SuppressOptions, suppress } from "./suppress.js";

/** What a detector says of one image; see `DetectionMaps`. */
export interface CellMaps {
  /** Logits [k, y, x]. */
  readonly classes: Float32Array;
  /** In pixels of the image, [4, y, x]. */
  readonly distances: Float32Array;
  /** Logits [y, x]. */
  readonly quality: Float32Array;
}

/** Which boxes are wanted. */
export interface DecodeOptions extends SuppressOptions {
  /** How sure a box has to be at least, from 0 to 1; default 0.05. */
  readonly threshold?: number;
  /** The size that boxes are given for, when the image was stretched from it; default the image's. */
  readonly picture?: { readonly height: number; readonly width: number };
}

/**
 * The boxes in an image, surest first, cut off at its borders. A box's score is the geometric mean of the probability of
 * its class and its quality.
 */
export function decodeMaps(
  maps: CellMaps,
  grid: CellGrid,
  { threshold = 0.05, picture = grid, ...options }: DecodeOptions = {},
): Detection[] {
  const right = picture.width / grid.width;
  const down = picture.height / grid.height;
  return suppress(candidates(maps, grid, threshold), options).map((found) => ({
    ...found,
    left: found.left * right,
    top: found.top * down,
    right: found.right * right,
    bottom: found.bottom * down,
  }));
}

/** A box a class and cell that is sure enough and has an area. */
function candidates(maps: CellMaps, grid: CellGrid, threshold: number): Detection[] {
  const cells = maps.quality.length;
  const found: Detection[] = [];
  for (let at = 0; at < maps.classes.length; at++) {
    const cell = at % cells;
    const score = Math.sqrt(sigmoid(maps.classes[at]) * sigmoid(maps.quality[cell]));
    if (!(score >= threshold)) continue;
    const edges = edgesOf(cell, maps.distances, grid);
    if (edges.left < edges.right && edges.top < edges.bottom) {
      found.push({ ...edges, label: Math.floor(at / cells), score });
    }
  }
  return found;
}

function edgesOf(cell: number, distances: Float32Array, { height, width, stride }: CellGrid) {
  const [cells, columns] = [distances.length / 4, width / stride];
  const x = ((cell % columns) + 0.5) * stride;
  const y = (Math.floor(cell / columns) + 0.5) * stride;
  return {
    left: Math.max(0, x - distances[cell]),
    top: Math.max(0, y - distances[cells + cell]),
    right: Math.min(width, x + distances[2 * cells + cell]),
    bottom: Math.min(height, y + distances[3 * cells + cell]),
  };
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
