import { describe, expect, it } from "vitest";
import { fillNormal, randomStream } from "../core/random.js";
import { randomProjectionQuantiser } from "./random-projection-quantiser.js";

const featureWidth = 20;
const options = { seed: 1, featureWidth, numCodes: 64, numCodebooks: 2 };
const features = new Float32Array(500 * featureWidth);
fillNormal(features, randomStream(1, "features"), 1);
const targets = randomProjectionQuantiser(options).targets(features);
const ofCodebook = (codes: Uint16Array, codebook: number) => codes.filter((_, i) => i % 2 === codebook);

/** e^entropy: how many codes are in use. */
function perplexity(codes: Uint16Array): number {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / codes.length);
  return Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0));
}

describe("randomProjectionQuantiser", () => {
  it("is a function of the seed, and uses most codes of each of its different codebooks", () => {
    expect(randomProjectionQuantiser(options).targets(features)).toEqual(targets);
    expect(randomProjectionQuantiser({ ...options, seed: 2 }).targets(features)).not.toEqual(targets);
    const books = [0, 1].map((codebook) => ofCodebook(targets, codebook));
    expect(books[0]).not.toEqual(books[1]);
    // 64 codes of unequal cells: about 50 are seen; a collapse would leave a few.
    for (const codes of books) expect(perplexity(codes)).toBeGreaterThan(40);
    expect(Math.max(...targets)).toBeLessThan(64);
  });

  it("does not hear how loud a recording is, nor how loud each of its bands", () => {
    const louder = features.map((x, i) => 3 * x + (i % featureWidth));
    const codes = randomProjectionQuantiser(options).targets(louder);
    // But for frames on the border between two codes, by float32.
    const same = codes.filter((code, i) => code === targets[i]).length;
    expect(same / codes.length).toBeGreaterThan(0.995);
  });

  it("gives frames that are alike the same code more often than others", () => {
    const noise = new Float32Array(features.length);
    fillNormal(noise, randomStream(2, "noise"), 0.05);
    const near = randomProjectionQuantiser(options).targets(features.map((x, i) => x + noise[i]));
    expect(near.filter((code, i) => code === targets[i]).length / near.length).toBeGreaterThan(0.7);
    expect(
      near.filter((code, i) => code === targets[(i + 20) % near.length]).length / near.length,
    ).toBeLessThan(0.1);
  });

  it("hears silence as one code, and refuses frames of another width and codes beyond 16 bits", () => {
    const silent = randomProjectionQuantiser(options).targets(new Float32Array(5 * featureWidth));
    expect(new Set(ofCodebook(silent, 0)).size).toBe(1);
    expect(randomProjectionQuantiser(options).targets(new Float32Array(0))).toHaveLength(0);
    const quantiser = randomProjectionQuantiser(options);
    expect(() => quantiser.targets(new Float32Array(30))).toThrow("30 values for frames of 20");
    expect(() => randomProjectionQuantiser({ ...options, numCodes: 70_000 })).toThrow("70000 codes");
  });
});
