import { availableParallelism } from "node:os";
import { create as message, toBinary } from "@bufbuild/protobuf";
import * as ort from "#onnxruntime-node";
import type { DType, TypedArray } from "../graph/dtype.js";
import { ModelProtoSchema } from "../onnx/onnx_pb.js";
import { cpuKernels } from "./cpu-kernels.js";
import { type HostTensor, type Runtime, RuntimeError, type SessionOptions } from "./session.js";

/**
 * The binding copies every output into a new array, also one that was written in place. A first output that
 * is no tensor makes it throw after the run and before the copies; then all outputs lie where they should.
 * As a prefix it joins the graph that follows, for protobuf merges messages.
 */
const noCopies = "no copies";
const noCopiesPrefix = toBinary(
  ModelProtoSchema,
  message(ModelProtoSchema, {
    graph: { node: [{ opType: "SequenceEmpty", output: [noCopies] }], output: [{ name: noCopies }] },
  }),
);

// Every error comes as an exception; ONNX Runtime's log would only say it twice.
ort.env.logLevel = "fatal";

/** On other devices outputs have to be copied to the host anyway. */
const skipsCopies = ({ device = "cpu" }: SessionOptions) => device === "cpu";

/** ONNX Runtime's native build in Node. `run` blocks the event loop until the graph is done. */
export const nodeRuntime: Runtime = {
  devices() {
    // Files for those that are not bundled (CUDA on Linux) are installed apart; loading a graph tells.
    const built = ort.listSupportedBackends().map((backend) => backend.name);
    return (["cpu", "webgpu", "cuda", "coreml", "dml"] as const).filter((name) => built.includes(name));
  },
  kernels: async (device) => (device === "cpu" ? cpuKernels() : {}),
  async load(model, outputs, options = {}, values = new Map()) {
    const session = await create(model, options, values);
    // A tensor object over a lasting array is made once and used in every run.
    const wrapped = new WeakMap<HostTensor, ort.Tensor>();
    const wrap = (tensor: HostTensor) => {
      let value = wrapped.get(tensor);
      if (!value) {
        value = new ort.Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
        wrapped.set(tensor, value);
      }
      return value;
    };
    const wrapAll = (tensors: Readonly<Record<string, HostTensor>>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, wrap(tensor)]));
    return {
      async run(feeds, into = {}) {
        if (skipsCopies(options) && outputs.every((name) => name in into)) {
          await runInPlace(session, wrapAll(feeds), wrapAll(into));
          return { ...into };
        }
        const fetches = { ...Object.fromEntries(outputs.map((name) => [name, null])), ...wrapAll(into) };
        const results = await session.run(wrapAll(feeds), fetches as ort.InferenceSession.OnnxValueMapType);
        return Object.fromEntries(
          outputs.map((name) => [name, into[name] ?? unwrap(results[name] as ort.Tensor)]),
        );
      },
      async release() {
        if (options.profile) session.endProfiling();
        await session.release();
      },
    };
  },
};

async function runInPlace(
  session: ort.InferenceSession,
  feeds: Record<string, ort.Tensor>,
  into: Record<string, ort.Tensor>,
): Promise<void> {
  try {
    const fetches = { [noCopies]: null, ...into };
    await session.run(feeds, fetches as unknown as ort.InferenceSession.OnnxValueMapType);
  } catch (error) {
    if (!(error as Error).message.startsWith("Non tensor type")) throw error;
  }
}

function unwrap({ type, dims, data }: ort.Tensor): HostTensor {
  return { dtype: type as DType, shape: dims, data: data as unknown as TypedArray };
}

async function create(
  model: Uint8Array<ArrayBuffer>,
  options: SessionOptions,
  values: ReadonlyMap<string, Uint8Array>,
): Promise<ort.InferenceSession> {
  const { device = "cpu", threads = availableParallelism(), spin = true, profile } = options;
  const available = nodeRuntime.devices();
  if (!available.includes(device)) {
    throw new RuntimeError(
      "this machine cannot run on the asked device",
      `${device}; available: ${available.join(", ")}`,
      "choose one of those",
    );
  }
  try {
    return await ort.InferenceSession.create(
      skipsCopies(options) ? Buffer.concat([noCopiesPrefix, model]) : model,
      {
        executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        externalData: [...values].map(([path, data]) => ({ path, data })),
        graphOptimizationLevel: "all",
        logSeverityLevel: 4,
        // Planned memory costs a third more at the peak and saves no time.
        enableMemPattern: false,
        ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
        // Threads that spin on after a run take the cores from the next session.
        extra: {
          session: {
            force_spinning_stop: "1",
            use_device_allocator_for_initializers: "1", // the arena takes more than is asked for
            ...(spin ? {} : { intra_op: { allow_spinning: "0" } }),
          },
        },
      },
    );
  } catch (cause) {
    throw new RuntimeError(
      "ONNX Runtime did not load a graph",
      `device ${device}: ${(cause as Error).message}`,
      `check the device's driver and libraries; \`autodidact doctor\` tries each of ${available.join(", ")}`,
      { cause },
    );
  }
}
