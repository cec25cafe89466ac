import { known } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { concat, split } from "../core/ops/slice.js";
import { linearWithBias } from "./linear.js";
import type { Parameters } from "./parameter.js";

/** The parts of a feed-forward network. */
export interface FeedForwardLayers {
  /** Names of the linear layer to the hidden width and of the one back. */
  readonly up: string;
  readonly down: string;
  /** Between the two layers. */
  readonly activation: (hidden: Tensor) => Tensor;
}

/** Of one piece's hidden layer: its activation's passes then meet the cache instead of memory. */
const pieceBytes = 2 ** 22;

/** W2 activation(W1 x + b1) + b2 for rows [n, c]; where n is known, in pieces of rows, one after the other. */
export function feedForward(
  p: Parameters,
  x: Tensor<"n c">,
  { up, down, activation }: FeedForwardLayers,
): Tensor<"n c"> {
  const [hiddenWidth] = p(`${up}.weight`).shape;
  const branch = (rows: Tensor) => linearWithBias(p, activation(linearWithBias(p, rows, up)), down);
  return concat(inPieces(x, known(hiddenWidth)).map(branch), 0);
}

function inPieces(x: Tensor<"n c">, hiddenWidth: number): Tensor[] {
  const [rows] = x.shape;
  if (typeof rows !== "number") return [x];
  let pieces = Math.ceil((4 * rows * hiddenWidth) / pieceBytes);
  while (rows % pieces > 0) pieces++;
  return pieces === 1 ? [x] : split(x, pieces, 0);
}
