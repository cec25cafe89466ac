import type { Kernels } from "../graph/op.js";
import { type HostTensor, hostTensor } from "./host-tensor.js";
import { type BareGraph, bareModel, ofType } from "./native/bare-model.js";
import { loadNative } from "./native/session.js";

let kernels: Promise<Kernels> | undefined;

/** How this machine's kernels want what they read; tried once. */
export function cpuKernels(): Promise<Kernels> {
  kernels ??= tryKernels();
  return kernels;
}

async function tryKernels(): Promise<Kernels> {
  return {
    convolutionBlock: await findBlock(),
    transposesOften: true,
    // Its threads begin at 110,000 cycles, and it counts a number as one.
    addsInOrder: 2 ** 16,
    int8Levels: await exactLevels(),
    // Its pieces there are as large as the L2 cache allows, whose size Linux on ARM does not tell: one key at a time.
    attendsInPlace: !(process.platform === "linux" && process.arch === "arm64"),
  };
}

/** TensorProto.DataType */
const [float, uint8, int8, int32] = [1, 2, 3, 6];

/**
 * Channels that direct convolutions keep side by side, 8 or 16: to so many are four filled up. A processor without
 * such kernels refuses, or leaves them.
 */
async function findBlock(): Promise<number | undefined> {
  const reordered = {
    node: [{ opType: "ReorderInput", domain: "com.microsoft.nchwc", input: ["x"], output: ["y"] }],
    input: [ofType("x", float)],
    output: [ofType("y", float)],
  };
  try {
    const { shape } = await run(reordered, { x: hostTensor("float32", [1, 4, 1, 1]) });
    return shape[1] > 4 ? shape[1] : undefined;
  } catch {
    return undefined;
  }
}

/**
 * 127 where 255 * 127 + 255 * 127 is that. Processors without VNNI add pairs of products in 16 bits, at most 32,767, which
 * 64 never reaches.
 */
async function exactLevels(): Promise<number | undefined> {
  const product = {
    node: [{ opType: "MatMulInteger", input: ["a", "b"], output: ["y"] }],
    input: [ofType("a", uint8), ofType("b", int8)],
    output: [ofType("y", int32)],
  };
  try {
    const { data } = await run(product, {
      a: hostTensor("uint8", [1, 64], new Uint8Array(64).fill(255)),
      b: hostTensor("int8", [64, 16], new Int8Array(64 * 16).fill(127)),
    });
    return (data as Int32Array)[0] === 64 * 255 * 127 ? 127 : 64;
  } catch {
    return undefined;
  }
}

/** The output y of a graph. */
async function run(graph: BareGraph, feeds: Record<string, HostTensor>): Promise<HostTensor> {
  const session = await loadNative(bareModel(graph), ["y"], { threads: 1 });
  try {
    return (await session.run(feeds)).y;
  } finally {
    await session.release();
  }
}
