/**
 * Underneath: symbolic tensors, their operators and gradients, and graphs made ready to run.
 *
 * @module autodidact/ops
 */

export { recompute } from "./autodiff/custom.js";
export { grad } from "./autodiff/grad.js";
export { AutodidactError } from "./errors.js";
export type { DType } from "./graph/dtype.js";
export { constant, input, named, ShapeError, scalar, type Tensor } from "./graph/tensor.js";
export * from "./ops/index.js";
export {
  compile,
  type Device,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  RuntimeError,
  type Session,
  type SessionOptions,
} from "./runtime/session.js";
