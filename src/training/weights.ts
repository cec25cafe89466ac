import { randomStream } from "../core/random.js";
import type { HostTensor } from "../core/runtime/session.js";
import { initialise } from "../nn/parameter.js";
import type { Weights } from "../nn/weights.js";
import { type Layout, parameterTensors } from "../optim/layout.js";

/** Fills `flat` with fresh parameters: a pure function of the seed and each parameter's name. */
export function initialiseAll(layout: Layout, flat: Float32Array, seed: number): void {
  for (const { parameter, offset, size } of layout.slots) {
    const stream = randomStream(seed, `init ${parameter.name}`);
    initialise(flat.subarray(offset, offset + size), parameter.init, stream);
  }
}

/** Copies those of the weights that have a place into `flat`. */
export function copyWeights(layout: Layout, flat: Float32Array, weights: Weights): void {
  for (const { parameter, offset } of layout.slots) {
    const found = weights.get(parameter.name);
    if (found) flat.set(found.data, offset);
  }
}

/** Named weights over a flat array, as a model folder keeps them. */
export function weightsOf(layout: Layout, flat: Float32Array): Weights {
  return new Map(
    [...parameterTensors(layout, flat)].map(([name, { shape, data }]: [string, HostTensor]) => [
      name,
      { shape, data: data as Float32Array },
    ]),
  );
}
