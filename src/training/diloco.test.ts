import { describe, expect, it } from "vitest";
import { linksInMemory } from "../../test/ranks-in-memory.js";
import { tinyData, tinyModel, tinyOptions, tinyTrainer } from "../../test/tiny.js";
import { overLinks } from "../distributed/over-links.js";
import { createDilocoTrainer } from "./diloco.js";
import type { Trainer } from "./trainer.js";

const model = tinyModel();
const outer = { every: 2, outerLr: 0.7, outerMomentum: 0.9 };

/** Two ranks of a micro-batch each. */
const pair = () =>
  Promise.all(
    linksInMemory(2)
      .map(overLinks)
      .map((collective) => createDilocoTrainer(tinyOptions({ model, microBatches: 2, collective }), outer)),
  );

async function step(trainers: readonly Trainer[], number: number): Promise<void> {
  await Promise.all(trainers.map((trainer) => trainer.step(tinyData(trainer).training, number, 1)));
}

const weightsOf = (trainers: readonly Trainer[]) => trainers.map(({ arrays }) => arrays.parameters);

describe("createDilocoTrainer", () => {
  it("averages what ranks have learned apart, and descends by it as Nesterov does", async () => {
    const ranks = await pair();
    const apart = await Promise.all([0, 1].map(() => tinyTrainer({ model })));
    const data = tinyData(apart[0]).training;
    let at = apart[0].arrays.parameters.slice();
    let moment = new Float32Array(at.length);
    for (const first of [0, 2]) {
      for (const number of [first, first + 1]) {
        await step(ranks, number);
        // Rank r has micro-batch r of two.
        for (const [r, trainer] of apart.entries()) await trainer.step(() => data(2 * number + r), number, 1);
        const [a, b] = weightsOf(ranks);
        if (number === first) expect([a, b]).toEqual(weightsOf(apart));
      }
      const [a, b] = weightsOf(apart);
      const gradient = at.map((value, i) => (value - a[i] + (value - b[i])) / 2);
      moment = moment.map((value, i) => 0.9 * value + gradient[i]);
      at = at.map((value, i) => value - 0.7 * (gradient[i] + 0.9 * moment[i]));
      const [one, two] = weightsOf(ranks);
      expect(one).toEqual(two);
      // Of single precision, in another order.
      const error = one.map((value, i) => Math.abs(value - at[i])).reduce((x, y) => Math.max(x, y));
      expect(error).toBeLessThan(1e-6);
      for (const { arrays } of apart) arrays.parameters.set(one);
    }
    expect(ranks[0].arrays.outerMoment.some((value) => value !== 0)).toBe(true);
  });

  it("brings ranks together before their time", async () => {
    const ranks = await pair();
    await step(ranks, 0);
    expect(weightsOf(ranks)[0]).not.toEqual(weightsOf(ranks)[1]);
    for (const _ of ["ends the round", "finds none begun"]) {
      await Promise.all(ranks.map((trainer) => trainer.complete()));
      expect(weightsOf(ranks)[0]).toEqual(weightsOf(ranks)[1]);
    }
  });

  it("ends all where another rank than the first diverges", async () => {
    const [first, second] = await pair();
    second.arrays.parameters[0] = Number.NaN;
    const data = tinyData(second).training;
    await expect(second.step(data, 0, 1)).rejects.toThrow(/diverged on this rank\n.*step 1: loss NaN/);
    first.arrays.parameters[0] = Number.NaN;
    expect(await first.step(data, 0, 1)).toMatchObject({ loss: Number.NaN }); // the loop sees it
  });

  it("counts the steps of all", async () => {
    const [{ unitsPerStep }] = await pair();
    expect(unitsPerStep).toBe(2 * (await tinyTrainer({ model })).unitsPerStep);
  });
});
