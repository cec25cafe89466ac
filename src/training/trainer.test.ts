import { describe, expect, it } from "vitest";
import { type TinyOptions, tinyData, tinyModel, tinyTrainer } from "../../test/tiny.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { IGNORED_TARGET } from "../data/text/batches.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { languageTask, type Task } from "../objectives/task.js";
import { adamw } from "../optim/adamw.js";
import { sgd } from "../optim/sgd.js";
import { createTrainer, type Trainer } from "./trainer.js";

const model = tinyModel({ numLayers: 2 });

async function steps(options: TinyOptions, count = 3): Promise<Trainer & { losses: number[] }> {
  const trainer = await tinyTrainer({ model, ...options });
  const losses: number[] = [];
  for (let step = 0; step < count; step++)
    losses.push((await trainer.step(tinyData(trainer).training, step, 1)).loss);
  return { ...trainer, losses };
}

const difference = (a: Float32Array, b: Float32Array) =>
  a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);

describe("createTrainer", () => {
  it("is a pure function of the seed", async () => {
    const [first, again, other] = [await steps({}), await steps({}), await steps({ seed: 2 })];
    expect(again.arrays).toEqual(first.arrays);
    expect(again.losses).toEqual(first.losses);
    expect(other.losses[0]).not.toBe(first.losses[0]);
  });

  it("starts as knowing nothing: the loss of an even guess", async () => {
    const { losses } = await steps({}, 1);
    expect(losses[0]).toBeCloseTo(Math.log(23), 1);
  });

  it("refuses a batch that lacks what the loss reads, rather than to learn from zeros", async () => {
    const trainer = await tinyTrainer({ model });
    const batch = await tinyData(trainer).training(0);
    const { targets: _, ...rest } = batch;
    await expect(trainer.step(async () => rest, 0, 1)).rejects.toThrow(
      /lacks a tensor[\s\S]*targets; it has inputs/,
    );
  });

  it("takes batches of every shape of its task, each as a trainer of that shape alone does", async () => {
    const of = (contextLength: number, batchSize: number) =>
      languageTask(model, { batchSize, contextLength });
    const trainerOf = (task: Task) =>
      createTrainer({ runtime: nodeRuntime, task, optimizer: adamw({ lr: 1e-2 }), seed: 1, session });
    const session = { threads: 1, spin: false };
    const rows = (length: number) => Int32Array.from({ length }, (_, i) => (i * 7) % 23);
    const [long, short] = [32, 24].map((length) => ({ inputs: rows(length), targets: rows(length) }));
    const both = await trainerOf({ ...of(16, 2), shapes: [of(8, 3)] });
    const alone = await trainerOf(of(16, 2));
    const shortAlone = await trainerOf(of(8, 3));
    expect(await both.evaluation.run(short)).toEqual(await shortAlone.evaluation.run(short));
    for (const [step, trainer] of [alone, shortAlone].entries()) {
      trainer.arrays.parameters.set(both.arrays.parameters);
      for (const name of ["m", "v"]) trainer.arrays[name].set(both.arrays[name]);
      const batch = async () => [long, short][step];
      expect(await trainer.step(batch, step, 1)).toMatchObject({
        loss: (await both.step(batch, step, 1)).loss,
      });
      expect(trainer.arrays.parameters).toEqual(both.arrays.parameters);
    }
    await expect(trainerOf({ ...of(16, 2), shapes: [of(8, 4)] })).rejects.toThrow(
      /inputs, targets of 32, 32/,
    );
    const odd = { inputs: rows(20), targets: rows(20) };
    await expect(both.step(async () => odd, 2, 1)).rejects.toThrow(
      /no shape[\s\S]*inputs of 20, targets of 20/,
    );
  });

  it("computes layers again with the same result", async () => {
    const [kept, computedAgain] = [await steps({}), await steps({ recomputeLayers: true })];
    expect(difference(kept.arrays.parameters, computedAgain.arrays.parameters)).toBeLessThan(1e-6);
    expect(difference(Float32Array.from(kept.losses), Float32Array.from(computedAgain.losses))).toBeLessThan(
      1e-5,
    );
  });

  it("learns with products in int8 what it learns in float32, a few hundredths apart, and evaluates in float32", async () => {
    const wide = { model: tinyModel({ width: 128 }), batchSize: 8 };
    const [exact, coarse] = [await steps(wide), await steps({ ...wide, products: "int8" })];
    const off = coarse.losses.map((loss, i) => Math.abs(loss / exact.losses[i] - 1));
    // Under 0.01 with 7 bits on the right, as without VNNI; 0.014 with VNNI.
    expect(Math.max(...off)).toBeLessThan(0.03);
    expect(Math.max(...off)).toBeGreaterThan(0);
    const evaluated = async (products?: "int8") => {
      const trainer = await tinyTrainer({ ...wide, products });
      return trainer.evaluation.run(await tinyData(trainer).training(0));
    };
    expect(await evaluated("int8")).toEqual(await evaluated());
  });

  it("refuses products in int8 on a device that has none", async () => {
    const runtime = { ...nodeRuntime, kernels: undefined };
    await expect(tinyTrainer({ products: "int8", runtime })).rejects.toThrow(
      /no products in int8\n[\s\S]*cpu/,
    );
  });

  it("two micro-batches of two are one batch of four", async () => {
    // Plain gradient descent: what the gradient's mean is, is what the parameters move by.
    const optimizer = sgd({ lr: 0.1, momentum: 0, weightDecay: 0 });
    const whole = await steps({ optimizer, batchSize: 4 });
    const parts = await steps({ optimizer, batchSize: 2, microBatches: 2 });
    expect(parts.unitsPerStep).toBe(whole.unitsPerStep);
    expect(difference(whole.arrays.parameters, parts.arrays.parameters)).toBeLessThan(1e-6);
    expect(parts.losses[2]).toBeCloseTo(whole.losses[2], 5);
  });

  it("micro-batches count by what counts in them: eight of one are one of eight", async () => {
    const optimizer = sgd({ lr: 0.1, momentum: 0, weightDecay: 0 });
    const rows = 8;
    const [inputs, targets] = [new Int32Array(rows * 16), new Int32Array(rows * 16)];
    inputs.forEach((_, i) => {
      inputs[i] = (i * 7 + 3) % 23;
      // Row r has 2 r targets; the first has none.
      targets[i] = i % 16 < 2 * Math.floor(i / 16) ? (i * 5 + 1) % 23 : IGNORED_TARGET;
    });
    const taken = async (batchSize: number) => {
      const microBatches = rows / batchSize;
      const trainer = await tinyTrainer({ model, optimizer, batchSize, microBatches, clipNorm: 0 });
      const part = (values: Int32Array, i: number) =>
        values.subarray(16 * batchSize * i, 16 * batchSize * (i + 1));
      const data = async (i: number) => ({ inputs: part(inputs, i), targets: part(targets, i) });
      return { ...(await trainer.step(data, 0, 1)), parameters: trainer.arrays.parameters };
    };
    const whole = await taken(8);
    for (const batchSize of [1, 2, 4]) {
      const parts = await taken(batchSize);
      expect(parts.loss).toBeCloseTo(whole.loss, 5);
      expect(parts.gradientNorm / whole.gradientNorm).toBeCloseTo(1, 5);
      expect(difference(parts.parameters, whole.parameters)).toBeLessThan(1e-6);
    }
  });

  it.each([1, 4])("a step in which nothing counts changes nothing, in %d batches", async (microBatches) => {
    const optimizer = sgd({ lr: 0.1, momentum: 0, weightDecay: 0 });
    const trainer = await tinyTrainer({ model, optimizer, microBatches });
    await trainer.step(tinyData(trainer).training, 0, 1);
    const before = trainer.arrays.parameters.slice();
    const nothing = { inputs: new Int32Array(32), targets: new Int32Array(32).fill(IGNORED_TARGET) };
    expect(await trainer.step(async () => nothing, 1, 1)).toMatchObject({ loss: 0, gradientNorm: 0 });
    expect(trainer.arrays.parameters).toEqual(before);
  });

  it("takes more rows than a row has tokens", async () => {
    const sizes = { vocabSize: 23, contextLength: 8, numLayers: 1, numHeads: 2, width: 16 };
    for (const model of [gpt2(sizes), llama({ ...sizes, hiddenWidth: 32 })]) {
      const { losses } = await steps({ model, batchSize: 20 }, 2);
      expect(losses[1]).toBeLessThan(losses[0]);
    }
  });

  it("clips to the norm that is asked for, and not below it", async () => {
    const lr = 1;
    const optimizer = sgd({ lr, momentum: 0, weightDecay: 0 });
    const moved = async (clipNorm: number) => {
      const trainer = await tinyTrainer({ model, optimizer, clipNorm });
      const before = trainer.arrays.parameters.slice();
      const { gradientNorm } = await trainer.step(tinyData(trainer).training, 0, 1);
      const squares = before.reduce((sum, value, i) => sum + (value - trainer.arrays.parameters[i]) ** 2, 0);
      return { gradientNorm, distance: Math.sqrt(squares) / lr };
    };
    const { gradientNorm, distance } = await moved(0);
    expect(distance / gradientNorm).toBeCloseTo(1, 4);
    expect((await moved(0.1)).distance).toBeCloseTo(0.1, 4);
    expect((await moved(1000)).distance).toBeCloseTo(distance, 5);
  });

  it("the average follows the parameters by its decay, and is what is evaluated", async () => {
    const averageDecay = 0.26;
    const trainer = await tinyTrainer({ model, optimizer: adamw({ lr: 1e-2 }), averageDecay });
    const { parameters, average } = trainer.arrays;
    expect(average).toEqual(parameters);
    const expected = average.slice();
    for (let step = 0; step < 3; step++) {
      await trainer.step(tinyData(trainer).training, step, 1);
      const decay = [2 / 11, 3 / 12, 0.26][step]; // (1 + n) / (10 + n) for n updates, at most the given one
      for (let i = 0; i < expected.length; i++) {
        expected[i] = decay * expected[i] + (1 - decay) * parameters[i];
      }
    }
    expect(difference(average, expected)).toBeLessThan(1e-6);
    expect(trainer.weights).toBe(average);
    const batch = { inputs: new Int32Array(32), targets: new Int32Array(32) };
    const before = await trainer.evaluation.run(batch);
    parameters.fill(0);
    expect(await trainer.evaluation.run(batch)).toEqual(before);
  });
});
