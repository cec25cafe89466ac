/** A denoiser compiled for sampling: noisy images, their times and classes in, the predicted field out. */
import { input, type Tensor } from "../../core/graph/tensor.js";
import {
  compile,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  type Session,
  type SessionOptions,
} from "../../core/runtime/session.js";
import type { Denoiser } from "../../models/image-model.js";
import { inputsFor } from "../../nn/parameter.js";
import { feedsOf, type Weights } from "../../nn/weights.js";

export interface DenoiserOptions extends SessionOptions {
  /** The weights change between runs and are read where they lie. Otherwise they are copied and packed. */
  readonly live?: boolean;
}

/** The field that a sampler follows. */
export interface Field {
  readonly model: Pick<Denoiser, "channels" | "height" | "width" | "numClasses">;
  /**
   * The field [b, c, h, w] at images `x` [b, c, h, w], times [b] and classes [b], of which `numClasses` is
   * "none". Both arrays of images are flat.
   */
  predict(x: Float32Array, times: Float32Array, labels: Int32Array): Promise<Float32Array>;
}

/** Compiles `model.predict` for batches of any size. */
export async function compileDenoiser(
  runtime: Runtime,
  model: Denoiser,
  weights: Weights,
  { live = false, ...options }: DenoiserOptions = {},
): Promise<DenoiserSession> {
  const session = await compile(runtime, denoisingGraph(model), options, live ? undefined : weights);
  return new DenoiserSession(model, session, feedsOf(session, weights));
}

export class DenoiserSession implements Field {
  /** A model without classes has no node that reads them. */
  private readonly asksFor: ReadonlySet<string>;

  constructor(
    readonly model: Denoiser,
    private readonly session: Session & { readonly graph: { readonly inputs: ReadonlyMap<string, unknown> } },
    /** What is fed with every run. */
    private readonly weights: Readonly<Record<string, HostTensor>>,
  ) {
    this.asksFor = new Set(session.graph.inputs.keys());
  }

  async predict(x: Float32Array, times: Float32Array, labels: Int32Array): Promise<Float32Array> {
    const { channels, height, width } = this.model;
    const batch = times.length;
    const feeds: Record<string, HostTensor> = {
      x: hostTensor("float32", [batch, channels, height, width], x),
      time: hostTensor("float32", [batch], times),
      labels: int64Tensor(labels, [batch]),
    };
    const asked = Object.entries(feeds).filter(([name]) => this.asksFor.has(name));
    const { field } = await this.session.run({ ...this.weights, ...Object.fromEntries(asked) });
    return field.data as Float32Array;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

function denoisingGraph(model: Denoiser): Record<string, Tensor> {
  const p = inputsFor(model.parameters);
  const x = input<"b c h w">("x", "float32", ["b", model.channels, model.height, model.width]);
  const time = input<"b">("time", "float32", ["b"]);
  const labels = input<"b">("labels", "int64", ["b"]);
  return { field: model.predict(p, x, time, labels) };
}
