import { describe, expect, it } from "vitest";
import { input } from "../graph/tensor.js";
import { lower } from "../onnx/lower.js";
import { fillUniform, randomStream } from "../random.js";
import { nodeRuntime } from "../runtime/node.js";
import { compile, hostTensor, type Runtime } from "../runtime/session.js";
import { type ConvOptions, conv } from "./convolution.js";

const inBlocks = (runtime: Runtime, [channels, outputs, kernel]: number[], options: ConvOptions) => {
  const shapes = { x: [2, channels, 9, 6], w: [outputs, channels, kernel, kernel], b: [outputs] };
  const [x, w, bias] = Object.entries(shapes).map(([name, shape]) => input(name, "float32", shape));
  const feeds = Object.entries(shapes).map(([name, shape]) => {
    const tensor = hostTensor("float32", shape);
    fillUniform(tensor.data as Float32Array, randomStream(1, name), -1, 1);
    return [name, tensor] as const;
  });
  const y = conv(x, w, { ...options, bias });
  return compile(runtime, { y }, { threads: 1, spin: false }).then(async (session) => {
    const { y } = await session.run(Object.fromEntries(feeds));
    await session.release();
    return Array.from(y.data as Float32Array);
  });
};

describe("a convolution in blocks of channels", () => {
  const cases: [number[], ConvOptions][] = [
    [[16, 32, 3], { padding: 1 }],
    [[32, 16, 3], { padding: 1, stride: 2 }],
    [[16, 16, 2], { dilation: 2, padding: [0, 2] }],
  ];
  it.each(cases)("gives what a plain one gives: %j %j", async (sizes, options) => {
    const plain = await inBlocks({ ...nodeRuntime, kernels: undefined }, sizes, options);
    const blocked = await inBlocks(nodeRuntime, sizes, options);
    expect(blocked.length).toBe(plain.length);
    // Sums of up to 288 float32 products of numbers below one, in another order.
    for (const [i, value] of plain.entries()) expect(Math.abs(blocked[i] - value)).toBeLessThan(1e-4);
  });

  const operators = (sizes: number[], convolutionBlock?: number) => {
    const [channels, outputs, kernel] = sizes;
    const x = input("x", "float32", [1, channels, 4, 4]);
    const y = conv(x, input("w", "float32", [outputs, channels, kernel, kernel]));
    return lower({ y }, undefined, { convolutionBlock }).model.graph!.node.map(
      ({ opType, domain }) => `${domain}:${opType}`,
    );
  };

  it("is written where the runtime has blocks that divide the channels, and for no 1x1 kernel", () => {
    expect(operators([16, 8, 3], 8)).toContain("com.microsoft.nchwc:Conv");
    for (const sizes of [
      [12, 8, 3],
      [8, 12, 3],
      [8, 8, 1],
    ])
      expect(operators(sizes, 8)).toEqual([":Conv"]);
    expect(operators([16, 8, 3])).toEqual([":Conv"]);
  });
});
