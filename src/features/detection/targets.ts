import { areaOf, type Box, type Edges } from "../../data/detection/boxes.js";

/** An image of `height` x `width` pixels in square cells; the stride, a cell's side, divides both. */
export interface CellGrid {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
}

/** What each cell of an image should say. */
export interface CellTargets {
  /** Of each cell, [y, x], its class, or -1 for background, or -2 for what is not to be learned. */
  readonly classMap: Int32Array;
  /** From the cell's centre to the box's left, top, right and bottom in pixels, [4, y, x]; 0 where there is no class. */
  readonly boxMap: Float32Array;
  /** Boxes that are no cell's: too small to hold a centre, or hidden by smaller ones. */
  readonly missed: number;
}

const backgroundCell = -1;
const ignoredCell = -2;

/** Of the square around a box's centre, in strides. */
const radius = 1.5;

/**
 * The targets of a dense detector, from boxes in pixels of the image: a cell is a box's where its centre lies in the box
 * and within 1.5 strides of the box's, of several boxes the smallest's, of equal ones the first's (FCOS: Tian et al.
 * 2019, section 3.1, and centre sampling of its code). Of cells in ignored boxes only those are learned that are
 * another box's.
 */
export function denseTargets(boxes: readonly Box[], grid: CellGrid): CellTargets {
  const columns = grid.width / grid.stride;
  const cells = (grid.height / grid.stride) * columns;
  const classMap = new Int32Array(cells).fill(backgroundCell);
  const boxMap = new Float32Array(4 * cells);
  for (const box of boxes) {
    if (box.ignored) for (const { cell } of cellsInside(box, grid)) classMap[cell] = ignoredCell;
  }
  const learned = boxes.filter(({ ignored }) => !ignored);
  // What comes later overwrites: larger boxes first, and of equal ones the last.
  const order = learned.toReversed().toSorted((a, b) => areaOf(b) - areaOf(a));
  const owners = new Int32Array(cells).fill(-1);
  for (const [owner, box] of order.entries()) {
    for (const { cell, x, y } of cellsInside(middleOf(box, radius * grid.stride), grid)) {
      owners[cell] = owner;
      classMap[cell] = box.label;
      [x - box.left, y - box.top, box.right - x, box.bottom - y].forEach((distance, side) => {
        boxMap[side * cells + cell] = distance;
      });
    }
  }
  const found = new Set(owners);
  found.delete(-1);
  return { classMap, boxMap, missed: learned.length - found.size };
}

/** What of a box lies within `reach` of its centre, in x and in y. */
function middleOf({ left, top, right, bottom }: Edges, reach: number): Edges {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return {
    left: Math.max(left, x - reach),
    top: Math.max(top, y - reach),
    right: Math.min(right, x + reach),
    bottom: Math.min(bottom, y + reach),
  };
}

/** The cells whose centres lie inside, not on an edge, with their centres. */
function* cellsInside({ left, top, right, bottom }: Edges, { height, width, stride }: CellGrid) {
  const [rows, columns] = [height / stride, width / stride];
  const first = (edge: number) => Math.max(0, Math.floor(edge / stride + 0.5));
  for (let row = first(top); row < rows; row++) {
    const y = (row + 0.5) * stride;
    if (y >= bottom) break;
    for (let column = first(left); column < columns; column++) {
      const x = (column + 0.5) * stride;
      if (x >= right) break;
      yield { cell: row * columns + column, x, y };
    }
  }
}
