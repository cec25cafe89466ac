import { create, toBinary } from "@bufbuild/protobuf";
import * as ort from "#onnxruntime-node";
import type { Kernels } from "../graph/op.js";
import { ModelProtoSchema } from "../onnx/onnx_pb.js";

/** An image in the layout of ONNX Runtime's direct convolutions. */
const reordered = create(ModelProtoSchema, {
  irVersion: 10n,
  opsetImport: [{ version: 23n }, { domain: "com.microsoft.nchwc", version: 1n }],
  graph: {
    node: [{ opType: "ReorderInput", domain: "com.microsoft.nchwc", input: ["x"], output: ["y"] }],
    input: [{ name: "x", type: { value: { case: "tensorType", value: { elemType: 1 } } } }],
    output: [{ name: "y", type: { value: { case: "tensorType", value: { elemType: 1 } } } }],
  },
});

let kernels: Promise<Kernels> | undefined;

/** How this machine's kernels want what they read. */
export function cpuKernels(): Promise<Kernels> {
  kernels ??= findBlock().then((convolutionBlock) => ({ convolutionBlock, transposesOften: true }));
  return kernels;
}

/**
 * Channels that direct convolutions keep side by side, 8 or 16: to so many are four filled up. A processor without
 * such kernels refuses, or leaves them.
 */
async function findBlock(): Promise<number | undefined> {
  try {
    const session = await ort.InferenceSession.create(toBinary(ModelProtoSchema, reordered), {
      intraOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    const { y } = await session.run({ x: new ort.Tensor("float32", new Float32Array(4), [1, 4, 1, 1]) });
    await session.release();
    return y.dims[1] > 4 ? y.dims[1] : undefined;
  } catch {
    return undefined;
  }
}
