import type { Op } from "../graph/op.js";
import * as convolution from "./convolution.js";
import * as elementwise from "./elementwise.js";
import * as gather from "./gather.js";
import * as logic from "./logic.js";
import * as matmul from "./matmul.js";
import * as movement from "./movement.js";
import * as normalise from "./normalise.js";
import * as pooling from "./pooling.js";
import * as quantise from "./quantise.js";
import * as reduce from "./reduce.js";
import * as selection from "./selection.js";
import * as slice from "./slice.js";

/** Every primitive. The conformance suite tests exactly these; a new operator file is listed here. */
export const operators: readonly Op[] = [
  movement,
  logic,
  elementwise,
  reduce,
  matmul,
  slice,
  gather,
  normalise,
  convolution,
  pooling,
  quantise,
  selection,
]
  .flatMap((family) => Object.values(family) as unknown[])
  .filter((member): member is Op => typeof member === "object" && member !== null && "onnx" in member);
