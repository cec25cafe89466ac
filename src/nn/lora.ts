/**
 * Low-rank adaptation (Hu et al. 2021): beside a frozen linear layer W runs a narrow one, y = W x + s B A x with
 * s = alpha / rank. B starts at zero, so that training starts from the frozen model.
 */
import { divideSizes } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { gemm, matmul, swapLast } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { type Adapt, filled, type Parameter, ParameterError, uniform } from "./parameter.js";

/** An adapter of low rank: its updates are alpha / rank times B A. */
export interface LoraConfig {
  readonly rank: number;
  readonly alpha: number;
  /** Last parts of the names of the layers to adapt, such as "c_attn" or "q_proj"; default: every linear layer. */
  readonly targets?: readonly string[];
}

/** A linear layer as an adapter sees it. */
export interface LinearLayer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** The axis of the weight that the inputs run along. */
  readonly inputAxis: 0 | 1;
}

export const loraA = (layer: string) => `${layer}.lora_A.weight`;
export const loraB = (layer: string) => `${layer}.lora_B.weight`;

/** The layers of a model that an adapter may stand beside. */
export function linearLayers(parameters: readonly Parameter[]): LinearLayer[] {
  return parameters.flatMap(({ name, shape, inputAxis }) => {
    if (inputAxis === undefined) return [];
    const layer = name.replace(/\.weight$/, "");
    return [{ name: layer, inputs: shape[inputAxis], outputs: shape[1 - inputAxis], inputAxis }];
  });
}

/** The layers that a configuration names. Throws `ParameterError` for a target that the model does not have. */
export function targetedLayers(parameters: readonly Parameter[], { targets }: LoraConfig): LinearLayer[] {
  const layers = linearLayers(parameters);
  const lastPart = (name: string) => name.slice(name.lastIndexOf(".") + 1);
  const known = new Set(layers.map(({ name }) => lastPart(name)));
  const unknown = targets?.find((target) => !known.has(target));
  if (unknown !== undefined || targets?.length === 0) {
    throw new ParameterError(
      "an adapter's targets are not layers of the model",
      `${unknown ?? "none"}; the model has ${[...known].join(", ")}`,
      "name some of those, or leave the targets out to adapt all",
    );
  }
  return targets ? layers.filter(({ name }) => targets.includes(lastPart(name))) : layers;
}

/** A [rank, in], uniform as PyTorch starts a linear layer, and B [out, rank], zero, for each layer. */
export function loraParameters(layers: readonly LinearLayer[], { rank }: LoraConfig): Parameter[] {
  return layers.flatMap(({ name, inputs, outputs }): Parameter[] => [
    { name: loraA(name), shape: [rank, inputs], role: "matrix", init: uniform(1 / Math.sqrt(inputs)) },
    { name: loraB(name), shape: [outputs, rank], role: "matrix", init: filled(0) },
  ]);
}

/** The adapter whose matrices are among `tensors`; layers without any stay as they are. */
export function loraAdapt(tensors: ReadonlyMap<string, Tensor>, { rank, alpha }: LoraConfig): Adapt {
  return (layer, x, y) => {
    const [a, b] = [tensors.get(loraA(layer)), tensors.get(loraB(layer))];
    if (!a || !b) return y;
    const narrow = mul(gemm<"n r">(x, a, { transB: true }), alpha / rank);
    return gemm<"n c">(narrow, b, { transB: true, c: y });
  };
}

/**
 * Several adapters on one model, chosen by each text: `tensors` hold A [k, r, in] and B [k, out, r] with the
 * scale in B, `chosen` int64 [b] which of the k.
 */
export function chosenLoraAdapt(tensors: ReadonlyMap<string, Tensor>, chosen: Tensor<"b">): Adapt {
  return (layer, x, y) => {
    const [a, b] = [tensors.get(loraA(layer)), tensors.get(loraB(layer))];
    if (!a || !b) return y;
    const [batch] = chosen.shape;
    const texts = reshape(x, [batch, divideSizes(x.shape[0], batch), x.shape[1]]);
    const narrow = matmul(texts, swapLast(gather(a, chosen))); // b t r
    return add(y, reshape(matmul(narrow, swapLast(gather(b, chosen))), y.shape));
  };
}

/** W + s (B A) for one layer, in the layout of W. A fresh array. */
export function mergeLora(
  weight: Float32Array,
  { inputs, outputs, inputAxis }: LinearLayer,
  a: Float32Array,
  b: Float32Array,
  { rank, alpha }: LoraConfig,
): Float32Array {
  const merged = weight.slice();
  const [strideIn, strideOut] = inputAxis === 0 ? [outputs, 1] : [1, inputs];
  for (let o = 0; o < outputs; o++) {
    for (let r = 0; r < rank; r++) {
      const scale = (b[o * rank + r] * alpha) / rank;
      if (scale === 0) continue;
      for (let i = 0; i < inputs; i++) merged[i * strideIn + o * strideOut] += scale * a[r * inputs + i];
    }
  }
  return merged;
}
