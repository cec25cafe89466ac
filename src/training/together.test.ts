import { describe, expect, it } from "vitest";
import { linksInMemory } from "../../test/ranks-in-memory.js";
import { type TinyOptions, tinyData, tinyModel, tinyTrainer } from "../../test/tiny.js";
import { RankError } from "../distributed/errors.js";
import { overLinks } from "../distributed/over-links.js";
import { muon } from "../optim/muon.js";
import { awaitRun, beginTogether, endTogether, follow, leading } from "./together.js";
import type { StepResult, Trainer } from "./trainer.js";

const steps = 3;
const collectivesInMemory = (size: number) => linksInMemory(size).map(overLinks);
const model = tinyModel();

async function taken(trainer: Trainer): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const data = tinyData(trainer);
  for (let step = 0; step < steps; step++) results.push(await trainer.step(data.training, step, 1));
  return results;
}

/** What so many ranks come to: the trainer of each, and what the first said of its steps. */
async function together(size: number, options: TinyOptions, recipes: object[] = []) {
  const collectives = collectivesInMemory(size);
  const trainers = await Promise.all(
    collectives.map((collective) => tinyTrainer({ model, ...options, collective })),
  );
  const parts = trainers.map((trainer, rank) => ({
    trainer,
    data: tinyData(trainer),
    recipe: recipes[rank] ?? {},
  }));
  const followers = collectives.slice(1).map(async (collective, i) => {
    expect(await awaitRun(collective)).toBe("runs/some");
    await follow(parts[i + 1], collective);
  });
  const leader = (async () => {
    await beginTogether(collectives[0], "runs/some");
    const led = leading(parts[0], collectives[0]);
    const results = await taken(led);
    await led.complete();
    await endTogether(collectives[0]);
    return results;
  })();
  const [results] = await Promise.all([leader, ...followers]);
  return { trainers, results };
}

describe("ranks that train together", () => {
  it.each([
    [2, 2],
    [2, 6],
    [2, 8],
    [4, 4],
    [4, 8],
    [8, 8],
  ])("%d that share %d micro-batches end in the bits of one alone", async (size, microBatches) => {
    const alone = await tinyTrainer({ model, microBatches, averageDecay: 0.9 });
    const expected = await taken(alone);
    const { trainers, results } = await together(size, { microBatches, averageDecay: 0.9 });
    expect(trainers[0].arrays).toEqual(alone.arrays);
    for (const { weights } of trainers) expect(weights).toEqual(alone.weights);
    const losses = (all: StepResult[]) => all.map(({ loss, gradientNorm }) => [loss, gradientNorm]);
    expect(losses(results)).toEqual(losses(expected));
  });

  it.each([2, 4])(
    "%d that update whole matrices, a part each, end in the bits of one alone",
    async (size) => {
      const options = {
        model: tinyModel({ numLayers: 3 }),
        microBatches: 4,
        optimizer: muon({ lr: 1e-2, adamw: { lr: 1e-2 } }),
      };
      const alone = await tinyTrainer(options);
      await taken(alone);
      const { trainers } = await together(size, options);
      expect(trainers[0].arrays).toEqual(alone.arrays);
    },
  );

  it("say which of them was slowest, and for how long it was waited", async () => {
    const { results } = await together(2, { microBatches: 2 });
    for (const { slowestRank, rankWaitMs } of results) {
      expect([0, 1]).toContain(slowestRank);
      expect(rankWaitMs).toBeGreaterThanOrEqual(0);
    }
    const alone = await tinyTrainer({ model });
    expect((await taken(alone))[0]).not.toHaveProperty("slowestRank");
  });

  it("have to have the same recipe, data and state", async () => {
    const recipes = [{ optimizer: { lr: 0.1 } }, { optimizer: { lr: 0.2 } }];
    const differ = together(2, { microBatches: 2 }, recipes);
    await expect(differ).rejects.toThrow(/same recipe\n[\s\S]*rank 0: .*0\.1[\s\S]*rank 1: .*0\.2/);
  });

  it("have to share the micro-batches evenly", async () => {
    const [first] = collectivesInMemory(2);
    const uneven = tinyTrainer({ microBatches: 3, collective: first });
    await expect(uneven).rejects.toThrow(RankError);
    await expect(uneven).rejects.toThrow(/microBatches 3, 2 ranks[\s\S]*--training\.microBatches 4/);
  });

  it("are let go where there was no run to begin with", async () => {
    const [first, second] = collectivesInMemory(2);
    const waiting = awaitRun(second);
    await endTogether(first);
    expect(await waiting).toBeUndefined();
  });
});
