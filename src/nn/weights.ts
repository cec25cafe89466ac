import { input, type Tensor } from "../core/graph/tensor.js";
import { type HostTensor, hostTensor } from "../core/runtime/host-tensor.js";

/** Values of a model's parameters by name. */
export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Inputs of a graph for what has names and shapes, each under its own name. */
export function namedInputs(
  shapes: Iterable<readonly [name: string, { readonly shape: readonly number[] }]>,
): Map<string, Tensor> {
  return new Map([...shapes].map(([name, { shape }]) => [name, input(name, "float32", shape)]));
}

/** Those of the weights that a compiled graph asks for, read where they lie: what each run of it is fed. */
export function feedsOf(
  { graph: { inputs } }: { readonly graph: { readonly inputs: ReadonlyMap<string, unknown> } },
  weights: Weights,
): Record<string, HostTensor> {
  const read = [...weights].filter(([name]) => inputs.has(name));
  return Object.fromEntries(
    read.map(([name, { shape, data }]) => [name, hostTensor("float32", shape, data)]),
  );
}
