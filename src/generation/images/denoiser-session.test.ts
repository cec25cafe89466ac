import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { dit } from "../../models/dit.js";
import { unet } from "../../models/unet.js";
import { linearPath } from "../../objectives/flow-matching.js";
import { compileDenoiser } from "./denoiser-session.js";
import { sampleImages } from "./sample.js";

const shape = { channels: 1, height: 8, width: 8 };
const quiet = { threads: 1, spin: false };

describe.each([
  [
    "dit",
    dit({ ...shape, patchSize: 2, embedWidth: 16, numLayers: 1, numHeads: 2, numClasses: 3 }),
    dit({ ...shape, patchSize: 2, embedWidth: 16, numLayers: 1, numHeads: 2, numClasses: 0 }),
  ],
  ["unet", unet({ ...shape, ...levels(), numClasses: 3 }), unet({ ...shape, ...levels(), numClasses: 0 })],
  [
    "unet over patches",
    unet({ ...shape, ...levels(), patchSize: 2, numClasses: 3 }),
    unet({ ...shape, ...levels(), patchSize: 2, numClasses: 0 }),
  ],
])("a session of %s", (_, model, classless) => {
  const weightsOf = ({ parameters }: typeof model) =>
    new Map(
      parameters.map(({ name, shape }) => {
        const stream = randomStream(4, name);
        const length = shape.reduce((a, b) => a * b, 1);
        return [name, { shape, data: Float32Array.from({ length }, () => stream.normal() * 0.2) }];
      }),
    );
  const noise = (images: number) => {
    const stream = randomStream(1, "images");
    return Float32Array.from({ length: images * 64 }, () => stream.normal());
  };

  it("predicts batches of any size, each image by itself", async () => {
    const session = await compileDenoiser(nodeRuntime, model, weightsOf(model), quiet);
    const [times, labels] = [Float32Array.of(0.1, 0.5, 0.9), Int32Array.of(0, 3, 2)];
    const together = await session.predict(noise(3), times, labels);
    expect(Math.max(...together.map(Math.abs))).toBeGreaterThan(0.1);
    for (const i of [0, 1, 2]) {
      const image = noise(3).subarray(i * 64, (i + 1) * 64);
      const alone = await session.predict(image, times.subarray(i, i + 1), labels.subarray(i, i + 1));
      // float32 products in another order
      expect(Math.max(...alone.map((v, j) => Math.abs(v - together[i * 64 + j])))).toBeLessThan(1e-4);
    }
    await session.release();
  });

  it("reads live weights at every run, and others once", async () => {
    const weights = weightsOf(model);
    const live = await compileDenoiser(nodeRuntime, model, weights, { ...quiet, live: true });
    const still = await compileDenoiser(nodeRuntime, model, weights, quiet);
    const draw = (session: typeof live) => session.predict(noise(1), Float32Array.of(0.3), Int32Array.of(1));
    const [before, packed] = [await draw(live), await draw(still)];
    expect(Math.max(...before.map((v, i) => Math.abs(v - packed[i])))).toBeLessThan(1e-4);
    for (const { data } of weights.values()) data.set(data.map((v) => v * 1.5));
    expect(Math.max(...(await draw(live)).map((v, i) => Math.abs(v - before[i])))).toBeGreaterThan(0.01);
    expect(await draw(still)).toEqual(packed);
    await Promise.all([live.release(), still.release()]);
  });

  it("draws, also without classes", async () => {
    const session = await compileDenoiser(nodeRuntime, classless, weightsOf(classless), quiet);
    const options = {
      path: linearPath,
      count: 3,
      steps: 2,
      solver: "heun",
      batchSize: 2,
    } as const;
    const images = await sampleImages(session, options);
    expect(images.length).toBe(3 * 64);
    expect(images.every(Number.isFinite)).toBe(true);
    await session.release();
  });
});

function levels() {
  return { baseWidth: 8, widthMultipliers: [1, 2], blocksPerLevel: 1, attentionAt: [4], groups: 4 };
}
