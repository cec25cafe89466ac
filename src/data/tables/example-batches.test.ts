import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { memoryFolder } from "../../files/memory.js";
import { evaluationExamples, trainingExamples } from "./example-batches.js";
import { type Examples, openExamples, writeExamples } from "./examples.js";

async function numbered(count: number): Promise<Examples> {
  const folder = memoryFolder();
  const records = Array.from({ length: count }, (_, i) => ({
    x: Int32Array.of(i, 2 * i),
    y: Float32Array.of(i / 2),
  }));
  const fields = { x: { dtype: "int32", shape: [2] }, y: { dtype: "float32", shape: [] } } as const;
  await writeExamples(folder, fields, records);
  return openExamples(folder);
}

const neutral = { x: Int32Array.of(-100, -100), y: Float32Array.of(0) };

describe("training batches", () => {
  const drawn = async (examples: Examples, seed: number, steps: number, batchSize: number) => {
    const numbers: number[] = [];
    for (let step = 0; step < steps; step++) {
      const { y } = await trainingExamples(examples, { seed, step, batchSize });
      numbers.push(...Array.from(y!, (value) => value * 2));
    }
    return numbers;
  };
  const all = Array.from({ length: 10 }, (_, i) => i);

  it("pass over all records once an epoch, in orders of their own", async () => {
    const examples = await numbered(10);
    const numbers = await drawn(examples, 1, 10, 3);
    const epochs = [numbers.slice(0, 10), numbers.slice(10, 20), numbers.slice(20, 30)];
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(all);
    expect(new Set([...epochs, all].map(String)).size).toBe(4);
  });

  it("are a function of seed and step", async () => {
    const examples = await numbered(10);
    const fifth = await trainingExamples(examples, { seed: 1, step: 5, batchSize: 4 });
    expect(await trainingExamples(examples, { seed: 1, step: 5, batchSize: 4 })).toEqual(fifth);
    expect(await drawn(examples, 2, 3, 10)).not.toEqual(await drawn(examples, 1, 3, 10));
    expect([...fifth.x!].filter((_, i) => i % 2 === 0)).toEqual(Array.from(fifth.y!, (value) => value * 2));
  });

  it("may be larger than the set", async () => {
    const { y } = await trainingExamples(await numbered(2), { seed: 1, step: 0, batchSize: 5 });
    expect(y).toHaveLength(5);
    expect(y!.subarray(0, 2).toSorted()).toEqual(Float32Array.of(0, 0.5));
  });

  it("need records", async () => {
    await expect(trainingExamples(await numbered(0), { seed: 1, step: 0, batchSize: 1 })).rejects.toThrow(
      DataError,
    );
  });
});

describe("evaluation batches", () => {
  const collect = async (count: number, batchSize: number, limit?: number) => {
    const found: number[][] = [];
    for await (const batch of evaluationExamples(await numbered(count), { batchSize, limit }, neutral)) {
      found.push([...batch.x!]);
    }
    return found;
  };

  it("pass over the records in order and fill up the last batch with neutral ones", async () => {
    expect(await collect(3, 2)).toEqual([
      [0, 0, 1, 2],
      [2, 4, -100, -100],
    ]);
    expect(await collect(4, 2)).toHaveLength(2);
    expect(await collect(1, 3)).toEqual([[0, 0, -100, -100, -100, -100]]);
  });

  it("under a limit are a sample, the same each time", async () => {
    const sample = await collect(90, 2, 10);
    const numbers = sample.flatMap((x) => [x[0], x[2]]);
    expect(new Set(numbers).size).toBe(20);
    expect(Math.max(...numbers)).toBeGreaterThan(45);
    expect(await collect(90, 2, 10)).toEqual(sample);
    expect(await collect(9, 2, 5)).toEqual(await collect(9, 2));
  });

  it("need records", async () => {
    await expect(collect(0, 2)).rejects.toThrow(DataError);
  });
});
