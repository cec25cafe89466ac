import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { GenerationError } from "./errors.js";
import { argmax, checkSampling, distribution, sampleToken } from "./sampling.js";

const log = (...p: number[]) => Float32Array.from(p, Math.log);
const rounded = (p: Float64Array) => Array.from(p, (v) => Math.round(v * 1e4) / 1e4);
const plain = { temperature: 1 };

describe("distribution", () => {
  it("is the softmax at temperature 1, sharper below and flatter above", () => {
    expect(rounded(distribution(log(0.5, 0.25, 0.25), plain))).toEqual([0.5, 0.25, 0.25]);
    expect(rounded(distribution(log(0.5, 0.25, 0.25), { temperature: 0.5 }))).toEqual([
      0.6667, 0.1667, 0.1667,
    ]);
    expect(rounded(distribution(log(0.8, 0.2), { temperature: 2 }))).toEqual([0.6667, 0.3333]);
  });

  it("keeps the k likeliest, and those equal to the last of them", () => {
    expect(rounded(distribution(log(0.1, 0.4, 0.2, 0.3), { ...plain, topK: 2 }))).toEqual([
      0, 0.5714, 0, 0.4286,
    ]);
    expect(rounded(distribution(log(0.25, 0.5, 0.25), { ...plain, topK: 2 }))).toEqual([0.25, 0.5, 0.25]);
    expect(rounded(distribution(log(0.5, 0.5), { ...plain, topK: 9 }))).toEqual([0.5, 0.5]);
  });

  it("keeps the fewest that reach top-p, of equals the lower ids", () => {
    const logits = log(0.1, 0.5, 0.15, 0.25);
    expect(rounded(distribution(logits, { ...plain, topP: 0.5 }))).toEqual([0, 1, 0, 0]);
    expect(rounded(distribution(logits, { ...plain, topP: 0.6 }))).toEqual([0, 0.6667, 0, 0.3333]);
    expect(rounded(distribution(logits, { ...plain, topP: 1e-9 }))).toEqual([0, 1, 0, 0]);
    const equal = new Float32Array(4);
    expect(rounded(distribution(equal, { ...plain, topP: 0.5 }))).toEqual([0.5, 0.5, 0, 0]);
  });

  it("keeps what reaches min-p of the likeliest", () => {
    expect(rounded(distribution(log(0.6, 0.1, 0.3), { ...plain, minP: 0.4 }))).toEqual([0.6667, 0, 0.3333]);
  });

  it("counts top-p after top-k, and after temperature", () => {
    const logits = log(0.4, 0.3, 0.2, 0.1);
    // Of 4/7 and 3/7, the first alone reaches 0.5.
    expect(rounded(distribution(logits, { ...plain, topK: 2, topP: 0.5 }))).toEqual([1, 0, 0, 0]);
    // Squared: 16/30 for the first.
    expect(rounded(distribution(logits, { temperature: 0.5, topP: 0.53 }))).toEqual([1, 0, 0, 0]);
  });

  /** Top-k and top-p as they are defined: sort all, and keep from the top. */
  function filtered(logits: Float32Array, k: number, share: number): boolean[] {
    const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
    const best = logits[order[0]];
    const weights = logits.map((v) => (v >= logits[order[Math.min(k, order.length) - 1]] ? v : -Infinity));
    const p = Float64Array.from(weights, (v) => Math.exp(v - best));
    const needed = share * p.reduce((sum, v) => sum + v, 0);
    const isKept = Array<boolean>(logits.length).fill(false);
    for (let i = 0, sum = 0; i < order.length && sum < needed && p[order[i]] > 0; i++) {
      isKept[order[i]] = true;
      sum += p[order[i]];
    }
    return isKept;
  }

  it.each([
    ["one token", 30, 3, 0.3],
    ["a peak", 3, 2000, 0.95],
    ["a plain", 0.1, 2000, 0.7],
    ["nearly all", 9, 1999, 0.9999999],
  ])("keeps of a large vocabulary what the definition says: %s", (_, deviation, topK, topP) => {
    const stream = randomStream(6, "logits");
    const logits = Float32Array.from({ length: 2000 }, () => stream.normal() * deviation);
    const isKept = [...distribution(logits, { ...plain, topK, topP })].map((v) => v > 0);
    expect(isKept).toEqual(filtered(logits, topK, topP));
  });

  it("penalises seen tokens once: positive logits divided, negative multiplied", () => {
    const penalised = distribution(
      Float32Array.of(2, -1, 0),
      { ...plain, repetitionPenalty: 2 },
      {
        ids: [0, 1, 1],
        given: 0,
      },
    );
    const expected = distribution(Float32Array.of(1, -2, 0), plain);
    expect(rounded(penalised)).toEqual(rounded(expected));
  });

  it("takes OpenAI's penalties from what has been written, by how often and whether, and adds a bias", () => {
    const sampling = { ...plain, frequencyPenalty: 0.5, presencePenalty: 1, logitBias: { 3: 4, 0: -1 } };
    const before = { ids: [0, 0, 3, 1, 1, 2], given: 3 };
    const penalised = distribution(Float32Array.of(1, 1, 1, 1), sampling, before);
    const expected = distribution(Float32Array.of(0, 1 - 2 * 0.5 - 1, 1 - 0.5 - 1, 5), plain);
    expect(rounded(penalised)).toEqual(rounded(expected));
  });

  it("keeps the likeliest token of a nucleus of nothing", () => {
    expect(rounded(distribution(log(0.3, 0.4, 0.3), { ...plain, topP: 0 }))).toEqual([0, 1, 0]);
  });

  it("never removes the likeliest token, whatever the filters", () => {
    const settings = fc.record({
      temperature: fc.double({ min: 0.01, max: 10, noNaN: true }),
      topK: fc.integer({ min: 1, max: 9 }),
      topP: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    // Whole numbers: no two differ by less than the exponential can tell apart.
    const logits = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(logits, settings, (numbers, sampling) => {
        const values = Float32Array.from(numbers);
        const p = distribution(values, sampling);
        expect(p.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 9);
        expect(p[argmax(values)]).toBeGreaterThan(0);
      }),
    );
  });
});

describe("sampleToken", () => {
  it("is the argmax at temperature 0, of equals the lowest id", () => {
    expect(sampleToken(Float32Array.of(1, 3, 3, 2), { temperature: 0 }, randomStream(1, "x"))).toBe(1);
  });

  it("draws in proportion to the probabilities", () => {
    const logits = log(0.6, 0.1, 0.3);
    const counts = [0, 0, 0];
    const draws = 20_000;
    for (let i = 0; i < draws; i++) counts[sampleToken(logits, plain, randomStream(5, "sampling", i))]++;
    // Four standard deviations of a share are 0.014 at most.
    for (const [i, share] of [0.6, 0.1, 0.3].entries())
      expect(Math.abs(counts[i] / draws - share)).toBeLessThan(0.014);
  });

  it("draws nothing that a filter removed, and leaves the logits as they were", () => {
    const logits = log(0.3, 0.3, 0.4);
    const before = logits.slice();
    for (let i = 0; i < 200; i++) {
      const sampling = { ...plain, topK: 1, repetitionPenalty: 1.1 };
      expect(sampleToken(logits, sampling, randomStream(0, "sampling", i))).toBe(2);
    }
    expect(logits).toEqual(before);
  });

  it("refuses logits that are not finite", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => sampleToken(Float32Array.of(0, bad), plain, randomStream(1, "x"))).toThrow(
        GenerationError,
      );
    }
  });
});

describe("checkSampling", () => {
  it.each([
    { temperature: -1 },
    { temperature: Number.NaN },
    { temperature: 1, topK: 0 },
    { temperature: 1, topK: 1.5 },
    { temperature: 1, topP: -0.1 },
    { temperature: 1, topP: 1.1 },
    { temperature: 1, minP: -0.1 },
    { temperature: 1, repetitionPenalty: 0 },
    { temperature: 1, frequencyPenalty: -2.1 },
    { temperature: 1, presencePenalty: Number.NaN },
  ])("refuses %j", (sampling) => {
    expect(() => checkSampling(sampling)).toThrow(GenerationError);
  });
});
