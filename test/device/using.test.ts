/** What was learned is used on a device too, with the numbers of the CPU. */
import { expect, it } from "vitest";
import { tryDevice } from "../../src/cli/try-device.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { hostTensor } from "../../src/core/runtime/session.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { compileDenoiser } from "../../src/generation/images/denoiser-session.js";
import { sampleImages } from "../../src/generation/images/sample.js";
import { dit } from "../../src/models/dit.js";
import { llama } from "../../src/models/llama.js";
import type { Parameter } from "../../src/nn/parameter.js";
import { linearPath } from "../../src/objectives/flow-matching.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { initialiseAll, weightsOf } from "../../src/training/weights.js";
import { howToGetAdapter, useSoftwareAdapter } from "./software-adapter.js";

const isThere = useSoftwareAdapter();
const devices = ["cpu", "webgpu"] as const;
/** Seen: 2e-7 for logits, 1e-6 after four steps of drawing. */
const tolerance = 1e-5;

function fresh(parameters: readonly Parameter[]) {
  const layout = layOut(parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 1);
  // Gates that begin at zero would let nothing through.
  flat.forEach((value, i) => {
    if (value === 0) flat[i] = 0.05 * Math.sin(i * 12.9898);
  });
  return weightsOf(layout, flat);
}

function expectAlike([expected, actual]: readonly Float32Array[]) {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...expected.map((value, i) => Math.abs(value - actual[i])))).toBeLessThan(tolerance);
}

it("it computes", async ({ skip }) => {
  if (!isThere) skip(howToGetAdapter);
  expect(await tryDevice("webgpu")).toEqual({ device: "webgpu", works: true });
});

it("its memory keeps what was written, of every type and shape", async ({ skip }) => {
  if (!isThere) skip(howToGetAdapter);
  const memory = (await nodeRuntime.memory!("webgpu"))!;
  for (const given of [
    hostTensor("float32", [2, 1, 3], Float32Array.of(1, -2, 3.5, 0, 1e30, -1e-30)),
    hostTensor("float32", [], Float32Array.of(7)),
    hostTensor("int64", [2], BigInt64Array.of(1n << 40n, -5n)),
  ]) {
    const tensor = await memory.allocate(given.dtype, given.shape);
    await tensor.write(given);
    const back = hostTensor(given.dtype, given.shape);
    await tensor.read(back);
    expect(back).toEqual(given);
    await expect(tensor.read(hostTensor(given.dtype, [99]))).rejects.toThrow(/are not alike/);
    tensor.free();
    tensor.free();
    await expect(tensor.read(back)).rejects.toThrow(/after it had been freed/);
  }
});

it("a decoder reads and writes", async ({ skip }) => {
  if (!isThere) skip(howToGetAdapter);
  const sizes = { vocabSize: 61, contextLength: 64, numLayers: 2, numHeads: 4, width: 32 };
  const model = llama({ ...sizes, kvHeads: 2, hiddenWidth: 48 });
  const weights = fresh(model.parameters);
  const logits: Float32Array[] = [];
  for (const device of devices) {
    const session = await compileDecoder(nodeRuntime, model, weights, { device, threads: 1, spin: false });
    const cache = session.cache(1);
    await session.read(cache, 0, [1, 5, 9, 33, 2]);
    await session.step(cache, [7]);
    logits.push(await session.step(cache, [60]));
    await session.release();
  }
  expectAlike(logits);
});

it("a diffusion transformer draws", async ({ skip }) => {
  if (!isThere) skip(howToGetAdapter);
  const image = { channels: 1, height: 8, width: 8 };
  const model = dit({ ...image, patchSize: 2, embedWidth: 24, numLayers: 1, numHeads: 2, numClasses: 3 });
  const weights = fresh(model.parameters);
  const drawn: Float32Array[] = [];
  for (const device of devices) {
    const session = await compileDenoiser(nodeRuntime, model, weights, { device, threads: 1, spin: false });
    const options = { path: linearPath, count: 2, labels: [0, 2], steps: 4, solver: "euler" as const };
    drawn.push(await sampleImages(session, { ...options, guidance: 2 }));
    await session.release();
  }
  expectAlike(drawn);
});
