import { describe, expect, it } from "vitest";
import { input } from "../graph/tensor.js";
import { add, mul } from "../ops/elementwise.js";
import { sum } from "../ops/movement.js";
import { nodeRuntime } from "./node.js";
import { compile, type Device, hostTensor, int64Tensor, RuntimeError } from "./session.js";

const quiet = { threads: 1, spin: false };

describe("sessions", () => {
  it("name the devices there are when the asked one is missing", async () => {
    const missing = (["cuda", "coreml", "dml"] as Device[]).find((d) => !nodeRuntime.devices().includes(d))!;
    const outcome = compile(nodeRuntime, { y: add(input("x", "float32", [1]), 1) }, { device: missing });
    await expect(outcome).rejects.toThrow(RuntimeError);
    await expect(outcome).rejects.toThrow(new RegExp(`${missing}; available: .*cpu`));
  });

  it("name the input that does not fit before the runtime sees it", async () => {
    const x = input("x", "float32", ["b", 2]);
    const { run, release } = await compile(nodeRuntime, { y: sum(x) }, quiet);
    expect(() => run({})).toThrow(/x: nothing for float32\[b, 2\]/);
    expect(() => run({ x: hostTensor("float64", [1, 2]) })).toThrow(/x: float64\[1,2\] for/);
    expect(() => run({ x: hostTensor("float32", [1, 3]) })).toThrow(RuntimeError);
    expect((await run({ x: hostTensor("float32", [3, 2]) })).y.shape).toEqual([]);
    await release();
  });

  it("write into parts of a larger array", async () => {
    const x = input("x", "float32", [2]);
    const { run, release } = await compile(nodeRuntime, { y: mul(x, 10) }, quiet);
    const all = new Float32Array([1, 2, 0, 0, 5]);
    const into = { y: hostTensor("float32", [2], all.subarray(2, 4)) };
    const results = await run({ x: hostTensor("float32", [2], all.subarray(0, 2)) }, into);
    expect([...all]).toEqual([1, 2, 10, 20, 5]);
    expect(results.y).toBe(into.y);
    await release();
  });
});

describe("host tensors", () => {
  it("refuse data that do not fill them", () => {
    expect(() => hostTensor("float32", [2, 2], new Float32Array(3))).toThrow(/Float32Array of 4/);
    expect(() => hostTensor("int64", [1], new Int32Array(1))).toThrow(/Int32Array\(1\) for int64\[1\]/);
  });

  it("widen whole numbers with their sign", () => {
    const { data } = int64Tensor(Int32Array.of(0, 7, -1, -(2 ** 31), 2 ** 31 - 1), [5]);
    expect([...(data as BigInt64Array)]).toEqual([0n, 7n, -1n, -(2n ** 31n), 2n ** 31n - 1n]);
  });
});
