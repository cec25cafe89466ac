import { AutodidactError } from "../core/errors.js";
import type { Tensor } from "../core/graph/tensor.js";
import { fillNormal, fillUniform, type RandomStream } from "../core/random.js";
import { type BlockInputs, namedInputs } from "./weights.js";

/** A parameter is missing, doubled or of another shape. */
export class ParameterError extends AutodidactError {}

/** How a parameter starts. `std` and `bound` are in the parameter's own units. */
export type Init =
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "values"; readonly values: Float32Array };

/** What an optimizer has to know: matrices multiply activations, vectors scale or shift them. */
export type Role = "matrix" | "embedding" | "head" | "vector";

/** An array of a model that training changes. */
export interface Parameter {
  /** The name in the Hugging Face checkpoint. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
  readonly init: Init;
  /** Of a linear layer's weight: the axis that the layer's inputs run along. */
  readonly inputAxis?: 0 | 1;
}

/** Looks a parameter up by name; throws `ParameterError` for a name that the model does not have. */
export interface Parameters {
  (name: string): Tensor;
  /** What stands for the output `y` of a linear layer on `x`, where the layer has an adapter. */
  readonly adapt?: Adapt;
  /** Runs the body of a layer of a transformer: as it is, or by `recompute`, which saves memory. */
  readonly eachLayer: EachLayer;
  /** Of products in int8: the largest magnitude on the right, see `Kernels`. Absent: products are in float32. */
  readonly int8Levels?: number;
  /** Matrices of linear layers that stay as they are, in blocks, by their names; see frozen-blocks.ts. */
  readonly blocks?: ReadonlyMap<string, BlockInputs>;
}

export type EachLayer = <T extends Tensor>(body: () => T) => T;

/** Computed once, and kept. */
export const plainly: EachLayer = (body) => body();

/** What an adapter makes of a linear layer's input `x` and output `y`. */
export type Adapt = (layer: string, x: Tensor<"n c">, y: Tensor<"n c">) => Tensor<"n c">;

/** Drawn from a normal distribution around zero. */
export const normal = (std: number): Init => ({ kind: "normal", std });
/** Drawn evenly between -bound and bound. */
export const uniform = (bound: number): Init => ({ kind: "uniform", bound });
/** One value throughout. */
export const filled = (value: number): Init => ({ kind: "constant", value });

/** Fills `target` as `init` says. */
export function initialise(target: Float32Array, init: Init, stream: RandomStream): void {
  if (init.kind === "normal") fillNormal(target, stream, init.std);
  else if (init.kind === "uniform") fillUniform(target, stream, -init.bound, init.bound);
  else if (init.kind === "values") target.set(init.values);
  else target.fill(init.value);
}

/** `Parameters` as inputs of a graph, each under its own name. */
export function inputsFor(
  parameters: readonly Parameter[],
  adapt?: Adapt,
  blocks?: Parameters["blocks"],
): Parameters {
  return lookUp(namedInputs(parameters.map((parameter) => [parameter.name, parameter])), adapt, { blocks });
}

/** `Parameters` over named tensors. */
export function lookUp(
  tensors: ReadonlyMap<string, Tensor>,
  adapt?: Adapt,
  {
    eachLayer = plainly,
    int8Levels,
    blocks,
  }: Partial<Pick<Parameters, "eachLayer" | "int8Levels" | "blocks">> = {},
): Parameters {
  const find = (name: string) => {
    const tensor = tensors.get(name);
    if (tensor) return tensor;
    throw new ParameterError(
      "a model asks for a parameter that it did not declare",
      name,
      `declare it; there are ${[...tensors.keys()].join(", ")}`,
    );
  };
  return Object.assign(find, { adapt, eachLayer, int8Levels, blocks });
}
