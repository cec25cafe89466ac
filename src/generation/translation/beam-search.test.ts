import { describe, expect, it } from "vitest";
import { drawnPredictions, logSoftmax, type Predict, ScriptedScorer } from "../../../test/scripted-scorer.js";
import { GenerationError } from "../errors.js";
import { beamSearch, type Hypothesis } from "./beam-search.js";

const END = 1;
const ends = { startToken: 0, endOfText: END };

async function search(predict: Predict, beams: number, lengthPenalty = 1, maxTokens = 5, vocabSize = 4) {
  const scorer = new ScriptedScorer(vocabSize, beams, 1, predict);
  const [found] = await beamSearch(scorer, [{ maxTokens }], { ...ends, lengthPenalty });
  return found;
}

/** Every translation of at most `maxTokens`, best first. */
function enumerated(predict: Predict, lengthPenalty: number, maxTokens: number): Hypothesis[] {
  const found: Hypothesis[] = [];
  const visit = (ids: number[], sum: number, probability: number) => {
    for (const [id, logProbability] of predict(0, ids).entries()) {
      const isCut = id !== END;
      const [total, mass] = [sum + logProbability, probability + Math.exp(logProbability)];
      const length = ids.length + 1;
      if (isCut && length < maxTokens) visit([...ids, id], total, mass);
      else {
        const written = isCut ? [...ids, id] : ids;
        found.push({
          ids: written,
          score: total / length ** lengthPenalty,
          confidence: mass / length,
          isCut,
        });
      }
    }
  };
  visit([], 0, 0);
  return found.sort((a, b) => b.score - a.score);
}

describe("beam search", () => {
  it.each([0.6, 1, 2])(
    "finds every translation where nothing is dropped, length penalty %d",
    async (penalty) => {
      for (const seed of [1, 2, 3]) {
        const predict = drawnPredictions(4, seed);
        const all = enumerated(predict, penalty, 4);
        const found = await search(predict, 128, penalty, 4);
        expect(found).toHaveLength(121);
        for (const [i, hypothesis] of found.entries()) {
          expect(hypothesis.ids).toEqual(all[i].ids);
          expect(hypothesis.isCut).toBe(all[i].isCut);
          expect(hypothesis.score).toBeCloseTo(all[i].score, 12);
          expect(hypothesis.confidence).toBeCloseTo(all[i].confidence, 12);
        }
      }
    },
  );

  it("is greedy with one beam", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const predict = drawnPredictions(6, seed);
      const ids: number[] = [];
      while (ids.length < 9) {
        const next = predict(0, ids);
        const best = next.indexOf(Math.max(...next));
        if (best === END) break;
        ids.push(best);
      }
      const found = await search(predict, 1, 1, 9, 6);
      expect(found.map((hypothesis) => hypothesis.ids)).toEqual([ids]);
      expect(found[0].isCut).toBe(ids.length === 9);
    }
  });

  it("finds what one beam misses", async () => {
    // Token 2 is likelier at first, but what follows token 3 is certain.
    const predict: Predict = (_, ids) => {
      if (ids.length === 0) return logSoftmax([-9, -9, 1, 0.8]);
      return ids[0] === 3 ? logSoftmax([-9, 5, -9, -9]) : logSoftmax([0, 0, 0, 0]);
    };
    expect((await search(predict, 1))[0].ids[0]).toBe(2);
    expect((await search(predict, 2))[0].ids).toEqual([3]);
  });

  it("searches each sentence of a batch as if it were alone", async () => {
    const predict = drawnPredictions(8, 5);
    const sought = [3, 9, 1, 6, 12].map((maxTokens) => ({ maxTokens }));
    const options = { ...ends, lengthPenalty: 1 };
    const together = await beamSearch(new ScriptedScorer(8, 3, sought.length, predict), sought, options);
    for (const [sentence, one] of sought.entries()) {
      const alone = new ScriptedScorer(8, 3, 1, (_, ids) => predict(sentence, ids));
      expect(together[sentence]).toEqual((await beamSearch(alone, [one], options))[0]);
    }
    expect(new Set(together.map(([best]) => best.ids.length)).size).toBeGreaterThan(2);
  });

  it("says so when no token can follow", async () => {
    const broken: Predict = () => new Float32Array(4).fill(Number.NaN);
    await expect(search(broken, 2)).rejects.toThrow(GenerationError);
  });
});
