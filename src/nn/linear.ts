import { sizeOf } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";

/** x W^T + bias over the last axis, with W [out, in] as PyTorch's `Linear` and Llama checkpoints keep it. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return product(x, weight, true, bias);
}

/** x W + bias over the last axis, with W [in, out] as GPT-2's `Conv1D` keeps it. */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return product(x, weight, false, bias);
}

function product(x: Tensor, weight: Tensor, transB: boolean, c?: Tensor): Tensor {
  const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
  const y = gemm(rows, weight, { transB, c });
  return reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);
}
