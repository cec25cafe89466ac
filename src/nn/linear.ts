import { sizeOf } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { blockLinear } from "./frozen-blocks.js";
import { int8Multiply, type MultiplyOptions } from "./int8-linear.js";
import type { Parameters } from "./parameter.js";

/**
 * x W^T over the last axis, with `layer`.weight W [out, in] as PyTorch's `Linear` and Llama checkpoints keep it, or
 * [out, in, 1] as its `Conv1d` over single steps does.
 */
export function linear(p: Parameters, x: Tensor, layer: string): Tensor {
  return product(p, x, layer, { transB: true });
}

/** x W^T + bias over the last axis, with `layer`.weight W [out, in] and `layer`.bias [out] as PyTorch's `Linear` keeps them. */
export function linearWithBias(p: Parameters, x: Tensor, layer: string): Tensor {
  return product(p, x, layer, { transB: true, c: p(`${layer}.bias`) });
}

/** x W + bias over the last axis, with `layer`.weight W [in, out] as GPT-2's `Conv1D` keeps it. */
export function conv1d(p: Parameters, x: Tensor, layer: string): Tensor {
  return product(p, x, layer, { c: p(`${layer}.bias`) });
}

function product(p: Parameters, x: Tensor, layer: string, options: MultiplyOptions): Tensor {
  const rows = reshape<"n c">(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
  const plain = plainProduct(p, rows, `${layer}.weight`, options);
  const y = p.adapt ? p.adapt(layer, rows, plain) : plain;
  return reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);
}

function plainProduct(
  p: Parameters,
  rows: Tensor<"n c">,
  name: string,
  options: MultiplyOptions,
): Tensor<"n c"> {
  const blocks = p.blocks?.get(name);
  if (blocks) {
    const y = blockLinear(rows, blocks);
    return options.c ? add(y, options.c) : y;
  }
  const multiply = p.int8Levels === undefined ? gemm : int8Multiply(p.int8Levels);
  const weight = p(name);
  return multiply(rows, reshape(weight, weight.shape.slice(0, 2)), options);
}
