/** Training whose weights, gradients and moments stay on a device. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import type { HostTensor, RunTensors, Runtime, Session } from "../../src/core/runtime/session.js";
import { memoryFolder } from "../../src/files/memory.js";
import { adamw } from "../../src/optim/adamw.js";
import { muon } from "../../src/optim/muon.js";
import { readName } from "../../src/training/checkpoint.js";
import { DivergenceError } from "../../src/training/loop.js";
import { createTrainer } from "../../src/training/trainer.js";
import { weightsOf } from "../../src/training/weights.js";
import { temporaryFolder } from "../temporary-folder.js";
import { stopAfter, tinyData, tinyModel, tinyOptions, tinyTrainer, train } from "../tiny.js";
import { largeOnTheCpu } from "./placement.js";
import { howToGetAdapter, useSoftwareAdapter } from "./software-adapter.js";

const isThere = useSoftwareAdapter();
const session = { device: "webgpu" } as const;
const place = temporaryFolder();

/** Sessions and memory that tell the bytes that they bring up and down, of tensors larger than a scalar. */
function counting(counts: { up: number; down: number }): Runtime {
  const bytes = (tensors: RunTensors) =>
    Object.values(tensors).reduce((sum, tensor) => {
      const { data } = tensor as HostTensor;
      return sum + (data && data.length > 1 ? data.byteLength : 0);
    }, 0);
  return {
    ...nodeRuntime,
    async memory(device) {
      const memory = await nodeRuntime.memory!(device);
      return (
        memory && {
          async allocate(dtype, shape) {
            const tensor = await memory.allocate(dtype, shape);
            const counted = {
              write(from: HostTensor) {
                counts.up += from.data.byteLength;
                return tensor.write(from);
              },
              read(into: HostTensor) {
                counts.down += into.data.byteLength;
                return tensor.read(into);
              },
            };
            return { ...tensor, ...counted };
          },
        }
      );
    },
    async load(...of) {
      const loaded = await nodeRuntime.load(...of);
      return {
        ...loaded,
        async run(feeds, into) {
          counts.up += bytes(feeds);
          const results = await loaded.run(feeds, into);
          counts.down += bytes(results);
          return results;
        },
      };
    },
  };
}

describe.skipIf(!isThere)(`with WebGPU (${isThere ? "SwiftShader" : howToGetAdapter})`, () => {
  it.for([
    ["AdamW, fifty steps", adamw({ lr: 1e-2 }), 1, 50],
    ["Muon, ten steps of micro-batches", muon({ lr: 1e-2 }), 2, 10],
  ] as const)("%s, as on the CPU", async ([, optimizer, microBatches, steps]) => {
    const options = { optimizer, microBatches, averageDecay: 0.9 };
    const there = await tinyTrainer({ ...options, session });
    const here = await tinyTrainer(options);
    const data = tinyData(here).training;
    for (let step = 0; step < steps; step++) {
      const [actual, expected] = [await there.step(data, step, 1), await here.step(data, step, 1)];
      expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-4);
    }
    await there.fetch();
    // What is small grows: Adam divides by it.
    expect(Math.max(...there.weights.map((value, i) => Math.abs(value - here.weights[i])))).toBeLessThan(
      1e-2,
    );
  });

  it("nothing but the batch goes up, and numbers alone come down", async () => {
    const counts = { up: 0, down: 0 };
    const trainer = await tinyTrainer({
      runtime: counting(counts),
      microBatches: 2,
      averageDecay: 0.9,
      session,
    });
    const { training } = tinyData(trainer);
    // Parameters, two moments, the average; gradients and their sum as zeros.
    expect(counts).toEqual({ up: 6 * 4 * trainer.layout.size, down: 0 });
    counts.up = 0;
    for (let step = 0; step < 3; step++) await trainer.step(training, step, 1);
    // Inputs and targets [2, 16] in 64 bits.
    expect(counts).toEqual({ up: 3 * 2 * (2 * 2 * 16 * 8), down: 0 });
  });

  it("gradients, their sum, the update and the average are computed there", async () => {
    const sessions: Session[] = [];
    const runtime: Runtime = {
      ...nodeRuntime,
      async load(...of) {
        const loaded = await nodeRuntime.load(...of);
        sessions.push(loaded);
        return loaded;
      },
    };
    const model = tinyModel({ width: 64 });
    const how = { optimizer: muon({ lr: 1e-2 }), microBatches: 2, averageDecay: 0.9, recomputeLayers: true };
    const profile = join(place, "step");
    const trainer = await tinyTrainer({ model, runtime, ...how, session: { ...session, profile } });
    await trainer.step(tinyData(trainer).training, 0, 1);
    for (const each of sessions) await each.release();
    expect(sessions.length).toBeGreaterThan(6);
    expect(largeOnTheCpu(place, "step")).toEqual([]);
  });

  it("a run goes on elsewhere from its checkpoint", async () => {
    const run = memoryFolder();
    await train(run, await tinyTrainer({ session }), stopAfter(5));
    await train(run, await tinyTrainer(), stopAfter(8));
    const moved = await tinyTrainer({ session });
    const { steps } = await train(run, moved);
    const whole = await tinyTrainer();
    await train(memoryFolder(), whole);
    expect(steps).toBe(12);
    expect(Math.max(...moved.weights.map((value, i) => Math.abs(value - whole.weights[i])))).toBeLessThan(
      1e-4,
    );
  });

  it("a weight that is no number is noticed in the same step, and nothing is saved", async () => {
    const model = tinyModel();
    const run = memoryFolder();
    const sound = await tinyTrainer({ model });
    const pretrained = new Map(weightsOf(sound.layout, sound.weights.slice()));
    pretrained.get("transformer.wte.weight")!.data[3] = Number.NaN;
    const trainer = await createTrainer({ ...tinyOptions({ model }), pretrained, session });
    await expect(train(run, trainer, {}, model)).rejects.toThrow(DivergenceError);
    expect(await readName(run, "latest")).toBeUndefined();
  });

  it("an adapter learns beside weights that went up once", async () => {
    const model = tinyModel();
    const counts = { up: 0, down: 0 };
    const base = await tinyTrainer({ model });
    const adapted = { model, pretrained: weightsOf(base.layout, base.weights), lora: { rank: 2, alpha: 4 } };
    const there = await tinyTrainer({ ...adapted, runtime: counting(counts), session });
    const here = await tinyTrainer(adapted);
    const { training } = tinyData(base);
    // Four arrays of the adapter, and the model once, though it is also evaluated.
    expect(counts.up).toBe(4 * (4 * there.layout.size + base.layout.size));
    for (let step = 0; step < 5; step++) {
      const [actual, expected] = [await there.step(training, step, 1), await here.step(training, step, 1)];
      expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-4);
    }
  });
});
