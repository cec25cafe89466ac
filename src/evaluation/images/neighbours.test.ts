import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { EvaluationError } from "../errors.js";
import type { Features } from "./features.js";
import { kNearestAccuracy } from "./nearest-accuracy.js";
import { nearestNeighbours } from "./neighbours.js";
import { precisionRecall } from "./precision-recall.js";

const points = (...rows: number[][]): Features => ({
  name: "pixels",
  data: Float32Array.from(rows.flat()),
  n: rows.length,
  d: rows[0].length,
});

function random(n: number, d: number, seed: number): Features {
  const stream = randomStream(seed, "points");
  return points(...Array.from({ length: n }, () => Array.from({ length: d }, () => 5 + stream.normal())));
}

describe("nearest neighbours", () => {
  it("are in order, with squared distances", async () => {
    const among = points([0, 0], [3, 4], [1, 0], [0, -2]);
    const found = await nearestNeighbours(nodeRuntime, points([0, 0], [3, 3]), among, 3);
    expect([...found.indices]).toEqual([0, 2, 3, 1, 2, 0]);
    expect([...found.squaredDistances]).toEqual([0, 1, 4, 1, 13, 18]);
  });

  it("leave a row itself out where it is asked for", async () => {
    const set = points([0], [1], [10], [1]);
    const found = await nearestNeighbours(nodeRuntime, set, set, 1, { skipSelf: true });
    expect([...found.indices]).toEqual([1, 3, 1, 1]);
    expect([...found.squaredDistances]).toEqual([1, 0, 81, 0]);
  });

  it("are those of a plain search, over several blocks", async () => {
    const [queries, among] = [random(5, 7, 1), random(2500, 7, 2)];
    const found = await nearestNeighbours(nodeRuntime, queries, among, 4);
    for (let q = 0; q < 5; q++) {
      const distances = Array.from({ length: 2500 }, (_, i) => {
        let sum = 0;
        for (let c = 0; c < 7; c++) sum += (queries.data[q * 7 + c] - among.data[i * 7 + c]) ** 2;
        return { i, sum };
      }).sort((a, b) => a.sum - b.sum);
      expect([...found.indices.slice(q * 4, q * 4 + 4)]).toEqual(distances.slice(0, 4).map(({ i }) => i));
      expect(found.squaredDistances[q * 4]).toBe(distances[0].sum);
    }
  });

  it("finds a copy at distance 0, far from the origin", async () => {
    const training = random(300, 50, 3);
    const copy = { ...training, data: training.data.slice(50 * 120, 50 * 121), n: 1 };
    const found = await nearestNeighbours(nodeRuntime, copy, training, 1);
    expect([found.indices[0], found.squaredDistances[0]]).toEqual([120, 0]);
  });

  it("refuses more neighbours than there are", async () => {
    const set = points([0], [1]);
    await expect(nearestNeighbours(nodeRuntime, set, set, 3)).rejects.toThrow(EvaluationError);
    await expect(nearestNeighbours(nodeRuntime, set, set, 2, { skipSelf: true })).rejects.toThrow(
      /at least 3/,
    );
  });
});

describe("precision and recall", () => {
  it("count by hand what lies in the other's balls", async () => {
    // Where balls reach with k = 1: real [-1, 1], [0, 2], [1, 19]; generated [0.3, 0.7], [0.5, 0.9], [26, 34], [30, 38].
    const real = points([0], [1], [10]);
    const generated = points([0.5], [0.7], [30], [34]);
    const result = await precisionRecall(nodeRuntime, { real, generated, k: 1 });
    expect(result.precision).toBe(2 / 4); // 0.5 and 0.7
    expect(result.recall).toBe(0); // 0, 1 and 10 lie in none
  });

  it("are 1 for a set and itself, and 0 for sets apart", async () => {
    const set = random(100, 4, 1);
    const moved = { ...set, data: set.data.map((v) => v + 100) };
    expect(await precisionRecall(nodeRuntime, { real: set, generated: set })).toEqual({
      precision: 1,
      recall: 1,
    });
    expect(await precisionRecall(nodeRuntime, { real: set, generated: moved })).toEqual({
      precision: 0,
      recall: 0,
    });
  });

  it("tell a narrow model, which is precise and recalls little", async () => {
    const real = random(400, 4, 1);
    const narrow = random(400, 4, 2);
    narrow.data.forEach((v, i) => {
      narrow.data[i] = 5 + (v - 5) * 0.2;
    });
    const { precision, recall } = await precisionRecall(nodeRuntime, { real, generated: narrow });
    expect(precision).toBeGreaterThan(0.9);
    expect(recall).toBeLessThan(0.2);
  });
});

describe("accuracy of nearest neighbours", () => {
  const train = {
    features: points([1, 0], [1, 0.1], [0, 1], [0.1, 2], [0, -3]),
    labels: Int32Array.of(0, 0, 1, 1, 2),
  };

  it("goes by direction, not by length", async () => {
    const test = { features: points([9, 1], [0.01, 0.2], [0, -0.1]), labels: Int32Array.of(0, 1, 2) };
    expect(await kNearestAccuracy(nodeRuntime, train, test)).toBe(1);
    expect(await kNearestAccuracy(nodeRuntime, train, { ...test, labels: Int32Array.of(0, 0, 2) })).toBe(
      2 / 3,
    );
  });

  it("weighs votes by exp(cosine / temperature)", async () => {
    // One neighbour of class 1 at cosine 1 against two of class 0 at cosine 0.8: e^(1/T) > 2 e^(0.8/T) for T < 0.288.
    const among = { features: points([1, 0], [0.8, 0.6], [0.8, -0.6]), labels: Int32Array.of(1, 0, 0) };
    const test = { features: points([2, 0]), labels: Int32Array.of(1) };
    const accuracy = (temperature: number) => kNearestAccuracy(nodeRuntime, among, test, { temperature });
    expect([await accuracy(0.07), await accuracy(0.28), await accuracy(0.3)]).toEqual([1, 1, 0]);
    expect(await kNearestAccuracy(nodeRuntime, among, test, { k: 1, temperature: 10 })).toBe(1);
  });

  it("refuses images without classes", async () => {
    const test = { features: points([1, 0]), labels: Int32Array.of(0, 1) };
    await expect(kNearestAccuracy(nodeRuntime, train, test)).rejects.toThrow(/2 classes for 1 images/);
  });
});
