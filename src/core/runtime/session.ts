import type { Kernels } from "../graph/op.js";
import type { Tensor, TensorType } from "../graph/tensor.js";
import { type InputValues, type Lowered, lower } from "../onnx/lower.js";
import { withoutValues } from "../onnx/model-files.js";
import { overRows } from "../onnx/over-rows.js";
import { type DeviceMemory, type DeviceTensor, type HostTensor, RuntimeError } from "./host-tensor.js";

export {
  type DeviceMemory,
  type DeviceTensor,
  type HostTensor,
  hostTensor,
  int64Tensor,
  RuntimeError,
} from "./host-tensor.js";

/** Where graphs run: ONNX Runtime's execution providers. */
export type Device = "cpu" | "webgpu" | "cuda" | "coreml" | "dml";

/** Where and how a graph runs. */
export interface SessionOptions {
  device?: Device;
  /** Threads inside one operator; default: one a core. */
  threads?: number;
  /** Let idle threads spin between operators (default true): fastest, but it takes the cores from others. */
  spin?: boolean;
  /**
   * Compute each output as soon as it can be (default false): what only outputs need, such as gradients of weights, is
   * free before the rest of the graph is computed.
   */
  early?: boolean;
  /** Write an ONNX Runtime profile with this file prefix. */
  profile?: string;
}

/** By name; those on a device are of the session's own. */
export type RunTensors = Readonly<Record<string, HostTensor | DeviceTensor>>;

/** A loaded graph. `feeds` and `into` may be views of larger arrays; `into` is written in place. */
export interface Session {
  /** Computes the outputs from named inputs; gives those that are not written on a device. */
  run(feeds: RunTensors, into?: RunTensors): Promise<Record<string, HostTensor>>;
  /** Frees the session; ends the profile when one was asked for. */
  release(): Promise<void>;
}

/** A session and the types of what goes in and comes out. */
export interface Compiled extends Session {
  readonly graph: Pick<Lowered, "inputs" | "outputs">;
}

/** An ONNX Runtime: Node's or a browser's. */
export interface Runtime {
  /** Where sessions compute that are not told; default the CPU. */
  readonly device?: Device;
  /** What this machine can run on, best known first. */
  devices(): Device[];
  /** A device's memory, where values can be kept between runs; undefined where the host's is used. */
  memory?(device: Device): Promise<DeviceMemory | undefined>;
  /** How a device's kernels want what they read; absent: as ONNX has it. */
  kernels?(device: Device): Promise<Kernels>;
  /**
   * Loads ONNX bytes; `values` are those that the model names as lying outside, and are copied. Throws
   * `RuntimeError` when the device is missing or the model is refused.
   */
  load(
    model: Uint8Array<ArrayBuffer>,
    outputs: readonly string[],
    options?: SessionOptions,
    values?: ReadonlyMap<string, Uint8Array>,
  ): Promise<Session>;
}

/** A runtime whose sessions take so many threads where they are not told, */
export const withThreads = (runtime: Runtime, threads: number | undefined): Runtime => ({
  ...runtime,
  load: (model, outputs, options, values) => runtime.load(model, outputs, { threads, ...options }, values),
});

/** or compute there. */
export const withDevice = (runtime: Runtime, device: Device): Runtime => ({
  ...runtime,
  device,
  load: (model, outputs, options, values) => runtime.load(model, outputs, { device, ...options }, values),
});

/** Larger values are handed to the runtime as they lie: a message of them would be one more copy, of 2 GiB at most. */
const mostBytesInside = 2 ** 20;

/**
 * Lowers and loads the graph of the named outputs. Inputs that `inputs` has are copied into the session, for
 * products in the order in which they read them, and are not asked for.
 */
export async function compile(
  runtime: Runtime,
  outputs: Readonly<Record<string, Tensor>>,
  options?: SessionOptions,
  inputs?: InputValues,
): Promise<Compiled> {
  const device = options?.device ?? runtime.device ?? "cpu";
  // Weights that are constants the CPU's runtime arranges itself, once.
  const kernels = inputs && device === "cpu" ? undefined : await runtime.kernels?.(device);
  return load(runtime, lower(outputs, inputs, kernels, options?.early), options);
}

/** `compile` for a graph that runs once for each row of the inputs `scanned`: see `overRows`. */
export async function compileOverRows(
  runtime: Runtime,
  outputs: Readonly<Record<string, Tensor>>,
  scanned: readonly string[],
  options?: SessionOptions,
): Promise<Compiled> {
  return load(runtime, overRows(lower(outputs), scanned), options);
}

async function load(runtime: Runtime, lowered: Lowered, options?: SessionOptions): Promise<Compiled> {
  const { bytes, values } = withoutValues(lowered.model, mostBytesInside);
  const session = await runtime.load(bytes, [...lowered.outputs.keys()], options, values);
  // The rest of it holds the values, which are not needed again.
  const graph = { inputs: lowered.inputs, outputs: lowered.outputs };
  return { graph, run: checked(session, graph.inputs), release: () => session.release() };
}

/** Feeds the graph's inputs, compared with them, so that a mistake is named before the runtime sees it. */
function checked(session: Session, inputs: ReadonlyMap<string, TensorType>): Session["run"] {
  return (feeds, into) => {
    const fed: Record<string, HostTensor | DeviceTensor> = {};
    for (const [name, { dtype, shape }] of inputs) {
      const feed = feeds[name];
      const fits =
        feed?.dtype === dtype &&
        feed.shape.length === shape.length &&
        shape.every((s, i) => typeof s === "string" || s === feed.shape[i]);
      if (!fits) {
        throw new RuntimeError(
          "a graph was given an input that does not fit",
          `${name}: ${feed ? `${feed.dtype}[${feed.shape}]` : "nothing"} for ${dtype}[${shape.join(", ")}]`,
          "feed every input with its element type and shape",
        );
      }
      fed[name] = feed;
    }
    return session.run(fed, into);
  };
}
