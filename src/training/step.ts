/** One training step, as the field describes it: predict, loss, gradient, descent. */
import { recompute } from "../core/autodiff/custom.js";
import { grad } from "../core/autodiff/grad.js";
import { input, type Tensor } from "../core/graph/tensor.js";
import {
  compile,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  type SessionOptions,
} from "../core/runtime/session.js";
import type { BatchShape, TokenBatch } from "../data/batches.js";
import type { Decoder } from "../models/decoder.js";
import { lookUp } from "../nn/parameter.js";
import { type NextTokenOptions, nextTokenLoss } from "../objectives/next-token.js";
import { type Layout, views } from "../optim/layout.js";

/** A compiled objective over flat parameters. */
export interface CompiledLoss {
  /** Mean loss of the batch in nats a token; with gradients, they are left in the gradient array. */
  run(batch: TokenBatch): Promise<number>;
  release(): Promise<void>;
}

export interface LossOptions {
  readonly objective?: NextTokenOptions;
  readonly session?: SessionOptions;
  /** Keep only each layer's input for the backward pass and compute the rest again. */
  readonly recomputeLayers?: boolean;
}

/**
 * Traces model and objective for batches of one shape and compiles the loss, with gradients when
 * `gradients` is given. Both arrays are read and written in place at every run.
 */
export async function compileLoss(
  runtime: Runtime,
  model: Decoder,
  layout: Layout,
  { batchSize, contextLength }: BatchShape,
  arrays: { parameters: Float32Array; gradients?: Float32Array },
  { objective, session, recomputeLayers = false }: LossOptions = {},
): Promise<CompiledLoss> {
  const shape = [batchSize, contextLength];
  const ids = input<"b t">("inputs", "int64", shape);
  const targets = input<"b t">("targets", "int64", shape);
  const parameters = new Map<string, Tensor>(
    layout.slots.map(({ parameter: { name, shape } }) => [name, input(name, "float32", shape)]),
  );
  const p = lookUp(parameters);

  const hidden = model.hidden(p, ids, recomputeLayers ? recompute : undefined); // 3 predict
  const loss = nextTokenLoss(hidden, model.head(p), targets, objective); // 4 loss
  const outputs: Record<string, Tensor> = { loss };
  const into: Record<string, HostTensor> = { loss: hostTensor("float32", []) };
  if (arrays.gradients) {
    const gradients = grad(loss, [...parameters.values()]); // 5 gradient
    const places = views(layout, arrays.gradients);
    [...parameters.keys()].forEach((name, i) => {
      outputs[`d ${name}`] = gradients[i];
      into[`d ${name}`] = places.get(name)!;
    });
  }
  const compiled = await compile(runtime, outputs, session);
  const fixed = Object.fromEntries(views(layout, arrays.parameters));
  return {
    async run(batch) {
      const feeds = {
        ...fixed,
        inputs: int64Tensor(batch.inputs, shape),
        targets: int64Tensor(batch.targets, shape),
      };
      const results = await compiled.run(feeds, into);
      return (results.loss.data as Float32Array)[0];
    },
    release: () => compiled.release(),
  };
}
