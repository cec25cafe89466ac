import { describe, expect, it } from "vitest";
import { drawnPredictions, logSoftmax, type Predict, ScriptedScorer } from "../../../test/scripted-scorer.js";
import { type RandomStream, randomStream } from "../../core/random.js";
import { beamSearch } from "./beam-search.js";
import { requiring, type Term } from "./constraint.js";
import { hasLoop, withoutRepetition } from "./loops.js";
import { sampleTranslations } from "./sample.js";

const END = 1;
const ends = { startToken: 0, endOfText: END };
const VOCABULARY = 12;
/** Tokens 2 to 5 are placeholders. */
const PLACEHOLDERS = [2, 3, 4, 5];
const placeholder = (id: number): Term => [{ ids: [id] }];

function occurrences(ids: readonly number[], part: readonly number[]): number {
  return ids.filter((_, start) => part.every((id, i) => ids[start + i] === id)).length;
}

/** Placeholders, some of them twice, and terms of other tokens, some with a form for the beginning. */
function drawnCase(random: RandomStream) {
  const placeholders = Array.from({ length: random.integer(4) }, () => 2 + random.integer(4));
  const form = () => ({ ids: Array.from({ length: 1 + random.integer(3) }, () => 6 + random.integer(6)) });
  const terms = Array.from({ length: random.integer(3) }, () =>
    random.integer(2) ? [form()] : [form(), { ...form(), onlyFirst: true }],
  );
  return { placeholders, terms };
}

describe("required terms", () => {
  it("all come, and no other placeholder, in 1,000 drawn cases", async () => {
    const wrong: string[] = [];
    for (let number = 0; number < 1000; number++) {
      const random = randomStream(number, "constraints");
      const { placeholders, terms } = drawnCase(random);
      const constraint = requiring({
        terms: [...placeholders.map(placeholder), ...terms],
        exclusive: PLACEHOLDERS,
        endOfText: END,
      });
      const beams = 1 + random.integer(4);
      const scorer = new ScriptedScorer(VOCABULARY, beams, 1, drawnPredictions(VOCABULARY, number, 3));
      const maxTokens = random.integer(16);
      const [found] = await beamSearch(scorer, [{ maxTokens, constraint }], { ...ends, lengthPenalty: 1 });
      expect(found.length).toBeGreaterThan(0);
      for (const { ids } of found) {
        const counts = PLACEHOLDERS.map((id) => occurrences(ids, [id]));
        const expected = PLACEHOLDERS.map((id) => occurrences(placeholders, [id]));
        const hasTerms = terms.every((term) => term.some((form) => occurrences(ids, form.ids) > 0));
        const fits = ids.length <= Math.max(maxTokens, 1 + constraint.needed);
        if (`${counts}` !== `${expected}` || !hasTerms || !fits) wrong.push(`${number}: ${ids}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("are found alike whether or not the scorer tells some of the likeliest tokens", async () => {
    for (let number = 0; number < 200; number++) {
      const random = randomStream(number, "constraints");
      const { placeholders, terms } = drawnCase(random);
      const required = [...placeholders.map(placeholder), ...terms];
      const constraint = requiring({ terms: required, exclusive: PLACEHOLDERS, endOfText: END });
      const predict = drawnPredictions(VOCABULARY, number, 3);
      const maxTokens = random.integer(16);
      const search = (told: number) => {
        const scorer = new ScriptedScorer(VOCABULARY, 2, 1, predict, told);
        return beamSearch(scorer, [{ maxTokens, constraint }], { ...ends, lengthPenalty: 1 });
      };
      expect(await search(1 + random.integer(VOCABULARY))).toEqual(await search(0));
    }
  });

  it("come where the model finds them likeliest, although another token is likelier everywhere", async () => {
    // Token 6 leads everywhere; behind two of it token 7 is not much worse, elsewhere it is hopeless.
    const predict: Predict = (_, ids) => {
      const scores = Array(VOCABULARY).fill(-20);
      scores[6] = 0;
      scores[END] = ids.length >= 4 ? 2 : -20;
      if (ids.length === 2) scores[7] = -2;
      return logSoftmax(scores);
    };
    const constraint = requiring({ terms: [[{ ids: [7] }]], exclusive: [], endOfText: END });
    const search = async (beams: number) => {
      const scorer = new ScriptedScorer(VOCABULARY, beams, 1, predict);
      return (await beamSearch(scorer, [{ maxTokens: 9, constraint }], { ...ends, lengthPenalty: 1 }))[0][0];
    };
    expect((await search(2)).ids).toEqual([6, 6, 7, 6]);
  });

  it("are counted once an occurrence, the longest first", () => {
    const [long, short]: Term[] = [[{ ids: [6, 7] }], [{ ids: [7] }]];
    const start = requiring({ terms: [long, short], exclusive: [], endOfText: END });
    expect(start.needed).toBe(3);
    const once = start.after(6).after(7);
    expect(once.needed).toBe(1);
    expect(once.after(7).needed).toBe(0);
  });

  it("count in a form that is not asked for, and break off", () => {
    const term: Term = [{ ids: [8, 9, 10] }, { ids: [11], onlyFirst: true }];
    const start = requiring({ terms: [term], exclusive: [], endOfText: END });
    expect(new Set(start.wanted)).toEqual(new Set([8, 11]));
    expect(start.after(6).wanted).toEqual([8]);
    expect(start.after(6).after(11).needed).toBe(0);
    expect([start.after(8).needed, start.after(8).after(9).needed, start.after(8).after(6).needed]).toEqual([
      2, 1, 3,
    ]);
  });

  it("are drawn too", async () => {
    const sentences = Array.from({ length: 50 }, (_, number) => ({
      number,
      maxTokens: 8,
      constraint: requiring({
        terms: [placeholder(3), placeholder(5)],
        exclusive: PLACEHOLDERS,
        endOfText: END,
      }),
    }));
    const draw = async (seed: number, batch: typeof sentences) => {
      const predict = drawnPredictions(VOCABULARY, 4);
      const scorer = new ScriptedScorer(VOCABULARY, 1, batch.length, (i, ids) =>
        predict(batch[i].number, ids),
      );
      return sampleTranslations(scorer, batch, { ...ends, seed, temperature: 1, topP: 0.9 });
    };
    const drawn = await draw(1, sentences);
    for (const { ids, confidence } of drawn) {
      expect(ids.filter((id) => PLACEHOLDERS.includes(id)).sort()).toEqual([3, 5]);
      expect(confidence).toBeGreaterThan(0);
    }
    expect(await draw(1, sentences.slice(7, 9))).toEqual(drawn.slice(7, 9));
    expect(await draw(2, sentences)).not.toEqual(drawn);
  });
});

describe("loops", () => {
  it("are tokens that come four times in a row", () => {
    expect(hasLoop([5, 6, 6, 6, 6])).toBe(true);
    expect(hasLoop([6, 6, 6, 5, 6])).toBe(false);
    expect(hasLoop([9, 5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6, 7])).toBe(true);
    expect(hasLoop([9, 5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6])).toBe(false);
    expect(hasLoop([])).toBe(false);
  });

  it("do not come without repetition, but what is required does", async () => {
    const predict: Predict = () => logSoftmax([-9, -9, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0]);
    const repeated: Term = [{ ids: [9, 9, 9, 9, 9] }];
    const inner = requiring({ terms: [repeated], exclusive: [], endOfText: END });
    const scorer = new ScriptedScorer(VOCABULARY, 1, 1, predict);
    const sought = { maxTokens: 30, constraint: withoutRepetition(inner) };
    const [[{ ids }]] = await beamSearch(scorer, [sought], { ...ends, lengthPenalty: 1 });
    expect(occurrences(ids, [9, 9, 9, 9, 9])).toBe(1);
    const others = ids.slice(0, ids.indexOf(9));
    const trigrams = others.slice(2).map((_, i) => `${others.slice(i, i + 3)}`);
    expect(new Set(trigrams).size).toBe(trigrams.length);
    expect(others.length).toBeGreaterThan(10);
  });
});
