import { input, type Tensor } from "../core/graph/tensor.js";
import { type HostTensor, hostTensor } from "../core/runtime/host-tensor.js";
import type { BlockSizes, Quantised } from "./block-quantised.js";

/** A parameter's values. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** What it is kept in; `data` is then made of these whenever it is read. See `inBlocks`. */
  readonly blocks?: Quantised;
}

/** Values of a model's parameters by name. */
export type Weights = ReadonlyMap<string, Weight>;

/** A weight in blocks as inputs of a graph. */
export interface BlockInputs extends BlockSizes {
  readonly codes: Tensor;
  readonly scales: Tensor;
}

/** Inputs of a graph for what has names and shapes, each under its own name. */
export function namedInputs(
  shapes: Iterable<readonly [name: string, { readonly shape: readonly number[] }]>,
): Map<string, Tensor> {
  return new Map([...shapes].map(([name, { shape }]) => [name, input(name, "float32", shape)]));
}

/** Inputs of a graph for the codes and scales of those weights that are kept in blocks. */
export function blockInputs(weights: Weights): Map<string, BlockInputs> {
  const kept = [...weights].filter(([, { blocks }]) => blocks);
  return new Map(
    kept.map(([name, { blocks }]) => {
      const [[codesName, codes], [scalesName, scales]] = tensorsOf(name, blocks!);
      const { bits, outputs, inputs } = blocks!;
      const sizes = { bits, outputs, inputs };
      return [
        name,
        {
          ...sizes,
          codes: input(codesName, codes.dtype, codes.shape),
          scales: input(scalesName, scales.dtype, scales.shape),
        },
      ];
    }),
  );
}

/** Those of the weights that a compiled graph asks for, read where they lie: what each run of it is fed. */
export function feedsOf(
  { graph: { inputs } }: { readonly graph: { readonly inputs: ReadonlyMap<string, unknown> } },
  weights: Weights,
): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  for (const [name, weight] of weights) {
    if (inputs.has(name)) feeds[name] = hostTensor("float32", weight.shape, weight.data);
    if (!weight.blocks) continue;
    for (const [part, tensor] of tensorsOf(name, weight.blocks)) if (inputs.has(part)) feeds[part] = tensor;
  }
  return feeds;
}

type Named = readonly [name: string, tensor: HostTensor];

/** codes [outputs, blocks, bytes a block] and scales [outputs, blocks]. */
function tensorsOf(name: string, { codes, scales, outputs }: Quantised): [codes: Named, scales: Named] {
  const blocks = scales.length / outputs;
  return [
    [`${name} codes`, hostTensor("uint8", [outputs, blocks, codes.length / scales.length], codes)],
    [`${name} scales`, hostTensor("float32", [outputs, blocks], scales)],
  ];
}
