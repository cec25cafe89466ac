import { randomStream } from "../src/core/random.js";

interface Parameters {
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

interface Drawn {
  readonly seed: number;
  readonly deviation: number;
}

/** Normal numbers of mean 0 for every parameter of a model, by its name: large ones show every part of it in what it says. */
export function randomWeights({ parameters }: Parameters, { seed, deviation }: Drawn) {
  return new Map(
    parameters.map(({ name, shape }) => {
      const stream = randomStream(seed, name);
      const length = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: Float32Array.from({ length }, () => stream.normal() * deviation) }];
    }),
  );
}
