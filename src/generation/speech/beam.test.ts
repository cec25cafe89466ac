import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { GenerationError } from "../errors.js";
import { align } from "./align.js";
import { type BeamOptions, beamSearch } from "./beam.js";
import { type Emissions, logProbabilities, logSumExp } from "./emissions.js";
import { greedy } from "./greedy.js";
import { trainNgrams } from "./kneser-ney.js";

const TOKENS = ["[PAD]", "|", "a", "b"];
/** Nothing is pruned. */
const EXACT: BeamOptions = {
  width: 1e6,
  leastToken: Number.NEGATIVE_INFINITY,
  margin: Number.POSITIVE_INFINITY,
};

function drawn(frames: number, seed: number, spread = 1.5, vocabulary = TOKENS.length): Emissions {
  const random = randomStream(seed, "emissions");
  const data = Float32Array.from({ length: frames * vocabulary }, () => spread * random.normal());
  return { data, frames, vocabulary };
}

/** Every path, the labels it joins to, and its log-probability. */
function paths(emissions: Emissions): { path: number[]; labels: number[]; logProbability: number }[] {
  const { data, frames, vocabulary } = logProbabilities(emissions);
  return Array.from({ length: vocabulary ** frames }, (_, number) => {
    const path = Array.from({ length: frames }, (_, t) => Math.floor(number / vocabulary ** t) % vocabulary);
    return {
      path,
      labels: path.filter((id, t) => id !== 0 && id !== path[t - 1]),
      logProbability: path.reduce((sum, id, t) => sum + data[t * vocabulary + id], 0),
    };
  });
}

/** The log-probability of each text, all alignments summed. */
function textsOf(emissions: Emissions): Map<string, number> {
  const byText = new Map<string, number[]>();
  for (const { labels, logProbability } of paths(emissions)) {
    const letters = labels.map((id) => TOKENS[id]).join("");
    const text = letters.replaceAll("|", " ").replace(/ +/g, " ").trim();
    byText.set(text, [...(byText.get(text) ?? []), logProbability]);
  }
  return new Map([...byText].map(([text, all]) => [text, logSumExp(all)]));
}

/** The search as Hannun et al. write it, prefixes as strings of labels in a table: their blank and label sums. */
function searchedByTable(
  emissions: Emissions,
  { width, leastToken, margin }: Required<Pick<BeamOptions, "width" | "leastToken" | "margin">>,
) {
  const { data, frames, vocabulary } = logProbabilities(emissions);
  const add = (a: number, b: number) => logSumExp([a, b]);
  let beam = new Map<string, [number, number]>([["", [0, Number.NEGATIVE_INFINITY]]]);
  for (let t = 0; t < frames; t++) {
    const next = new Map<string, [number, number]>();
    const put = (prefix: string, place: 0 | 1, value: number) => {
      const sums = next.get(prefix) ?? [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
      sums[place] = add(sums[place], value);
      next.set(prefix, sums);
    };
    const row = data.subarray(t * vocabulary, (t + 1) * vocabulary);
    for (const [id, p] of row.entries()) {
      if (id !== 0 && p < leastToken && p < Math.max(...row)) continue;
      for (const [prefix, [blank, label]] of beam) {
        const isRepeat = prefix.at(-1) === `${id}`;
        if (id === 0) put(prefix, 0, add(blank, label) + p);
        else put(prefix + id, 1, (isRepeat ? blank : add(blank, label)) + p);
        if (isRepeat) put(prefix, 1, label + p);
      }
    }
    const sorted = [...next].sort(([, a], [, b]) => add(...b) - add(...a)).slice(0, width);
    beam = new Map(sorted.filter(([, sums]) => add(...sums) >= add(...sorted[0][1]) - margin));
  }
  const texts = new Map<string, number>();
  for (const [prefix, sums] of beam) {
    const text = Array.from(prefix, (id) => TOKENS[Number(id)])
      .join("")
      .split("|")
      .filter(Boolean)
      .join(" ");
    texts.set(text, add(texts.get(text) ?? Number.NEGATIVE_INFINITY, add(...sums)));
  }
  return texts;
}

describe("the beam search", () => {
  // 4^6 paths; sums of float32 log-probabilities agree to 1e-5.
  it.each([1, 2, 3, 4, 5, 6])("finds every text with its probability, as all paths do (seed %i)", (seed) => {
    const emissions = drawn(6, seed);
    const found = beamSearch(TOKENS, EXACT)(emissions);
    const expected = textsOf(emissions);
    expect(found.length).toBe(expected.size);
    for (const { text, logProbability, score } of found) {
      expect(logProbability).toBeCloseTo(expected.get(text)!, 5);
      expect(score).toBe(logProbability);
    }
    expect(logSumExp(found.map(({ logProbability }) => logProbability))).toBeCloseTo(0, 5);
    expect(found[0].logProbability).toBeCloseTo(Math.max(...expected.values()), 5);
    const scores = found.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it("adds up paths where the best path alone is wrong", () => {
    // Both frames: blank 0.6, "a" 0.4. The best path is all blank (0.36); "a" has 0.64.
    const data = Float32Array.from([0.6, 1e-9, 0.4, 1e-9, 0.6, 1e-9, 0.4, 1e-9], Math.log);
    const emissions = { data, frames: 2, vocabulary: 4 };
    expect(greedy(emissions)).toEqual([]);
    const [best] = beamSearch(TOKENS)(emissions);
    expect(best.text).toBe("a");
    expect(Math.exp(best.logProbability)).toBeCloseTo(0.64, 5);
  });

  it("finds the same with its usual pruning where the sound is clear", () => {
    for (let seed = 0; seed < 20; seed++) {
      const emissions = drawn(6, seed, 3);
      expect(beamSearch(TOKENS)(emissions)[0].text).toBe(beamSearch(TOKENS, EXACT)(emissions)[0].text);
    }
  });

  it("prunes as a search over a table of prefixes does", () => {
    for (let seed = 0; seed < 60; seed++) {
      const [emissions, options] = [drawn(16, seed, 1), { width: 8, leastToken: (seed % 2) - 2, margin: 4 }];
      const found = beamSearch(TOKENS, options)(emissions);
      const expected = searchedByTable(emissions, options);
      expect(new Map(found.map(({ text, logProbability }) => [text, logProbability]))).toEqual(
        new Map([...expected].map(([text, value]) => [text, expect.closeTo(value, 5)])),
      );
    }
  });

  it("keeps no more prefixes than its width, and breaks ties always alike", () => {
    const flat = { data: new Float32Array(5 * 4), frames: 5, vocabulary: 4 };
    const search = beamSearch(TOKENS, { width: 7 });
    const found = search(flat);
    expect(found.length).toBeLessThanOrEqual(7);
    expect(search(flat)).toEqual(found);
  });

  it("says nothing of no frames", () => {
    expect(beamSearch(TOKENS)(drawn(0, 1))).toEqual([{ text: "", labels: [], logProbability: 0, score: 0 }]);
  });

  it("refuses other vocabularies and beams without width", () => {
    expect(() => beamSearch(["[PAD]", "a"])(drawn(3, 1))).toThrow(GenerationError);
    expect(() => beamSearch(TOKENS, { hotWords: ["ab", "Ab c"] })).toThrow(/found: Ab c/);
    for (const options of [{ width: 0 }, { width: 1.5 }, { leastToken: 1 }, { margin: -1 }]) {
      expect(() => beamSearch(TOKENS, options)).toThrow(GenerationError);
    }
  });
});

describe("words in the search", () => {
  const model = trainNgrams(["ab ab ab", "ab ba ab", "ba ab"], 2);

  it("count as the model has them, once each", () => {
    const options = { ...EXACT, model, alpha: 0.7, beta: 0.3, unknownWordPenalty: 4 };
    for (const { text, logProbability, score } of beamSearch(TOKENS, options)(drawn(6, 8))) {
      const words = text.split(" ").filter(Boolean);
      const unknown = words.filter((word) => !["ab", "ba"].includes(word)).length;
      const expected = 0.7 * Math.LN10 * model.textLogProbability(text) + 0.3 * words.length - 4 * unknown;
      expect(score - logProbability).toBeCloseTo(expected, 9);
    }
  });

  it("turn what was heard badly into what is said", () => {
    const emissions = spoken("aa|ab", "ab|ab");
    expect(beamSearch(TOKENS)(emissions)[0].text).toBe("aa ab");
    expect(beamSearch(TOKENS, { model })(emissions)[0].text).toBe("ab ab");
  });

  it("may be hot, whole or begun, known or not", () => {
    const emissions = spoken("aa|ab", "bb|ab");
    expect(beamSearch(TOKENS)(emissions)[0].text).toBe("aa ab");
    expect(beamSearch(TOKENS, { hotWords: ["bbbb bb"], hotWordBoost: 2 })(emissions)[0].text).toBe("bb ab");
    expect(beamSearch(TOKENS, { model, hotWords: ["bb"] })(emissions)[0].text).toBe("bb ab");
    // The beginning lives on in the narrowest beam, and is forgotten when another word comes of it.
    const narrow = beamSearch(TOKENS, { hotWords: ["bbb"], hotWordBoost: 6, width: 1 })(emissions)[0];
    expect(narrow.text).toBe("bb ab");
    expect(narrow.score).toBeCloseTo(narrow.logProbability, 9);
  });

  /** A frame a letter, blanks between; `heard` a little likelier than `said`. */
  function spoken(heard: string, said: string): Emissions {
    const frames = 2 * heard.length;
    const data = new Float32Array(frames * 4);
    for (const [i, letter] of [...heard].entries()) {
      data[(2 * i + 1) * 4] = 9;
      data[2 * i * 4 + TOKENS.indexOf(letter)] = 9;
      if (said[i] !== letter) data[2 * i * 4 + TOKENS.indexOf(said[i])] = 8.5;
    }
    return { data, frames, vocabulary: 4 };
  }
});

describe("alignment", () => {
  it("is the best of all paths to the labels", () => {
    for (let seed = 0; seed < 4; seed++) {
      const emissions = drawn(6, seed);
      const all = paths(emissions);
      for (const labels of [[2], [2, 2], [1, 2, 3], [3, 3, 3], [2, 1, 2]]) {
        const same = all.filter((other) => `${other.labels}` === `${labels}`);
        const best = same.reduce((a, b) => (b.logProbability > a.logProbability ? b : a));
        const places = align(emissions, labels);
        expect(places.map(({ id }) => id)).toEqual(labels);
        const path = new Array(6).fill(0);
        for (const { id, start, end } of places) path.fill(id, start, end);
        expect(path).toEqual(best.path);
      }
    }
  });

  it("gives the places of the best path for its own labels", () => {
    const emissions = drawn(40, 3, 4);
    const characters = greedy(emissions);
    const places = align(
      emissions,
      characters.map(({ id }) => id),
    );
    expect(places.map(({ id, start, end }) => [id, start, end])).toEqual(
      characters.map(({ id, start, end }) => [id, start, end]),
    );
  });

  it("needs a frame for each label and between equal ones", () => {
    expect(align(drawn(0, 1), [])).toEqual([]);
    expect(align(drawn(3, 1), [2, 2])).toHaveLength(2);
    expect(() => align(drawn(2, 1), [2, 2])).toThrow(/2 labels with 1 repeats, 2 frames/);
    expect(() => align(drawn(2, 1), [0])).toThrow(GenerationError);
    expect(() => align(drawn(2, 1), [4])).toThrow(GenerationError);
  });
});
