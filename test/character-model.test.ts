/** The simple model of text that recipes/few-texts measures networks beside. */
import { describe, expect, it } from "vitest";
import { CharacterModel } from "../recipes/few-texts/character-model.js";

const [a, b] = [97, 98];

describe("counting characters", () => {
  it("mixes orders by Witten-Bell's rule", () => {
    const model = new CharacterModel(1);
    model.learn("aab");
    // Without context a was seen twice and b once: 3 in all, 2 different. After a: one a, one b.
    const alone = (2 + 2 / 256) / 5;
    expect(model.probability(a, "")).toBeCloseTo(alone, 12);
    expect(model.probability(a, "a")).toBeCloseTo((1 + 2 * alone) / 4, 12);
    expect(model.probability(a, "b")).toBeCloseTo(alone, 12);
  });

  it("gives every byte a probability, one in all", () => {
    const model = new CharacterModel(3);
    model.learn("Wal, Wale, Würmer");
    for (const context of ["", "Wal", "x", "lWa"]) {
      const all = Array.from({ length: 256 }, (_, byte) => model.probability(byte, context));
      expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...all)).toBeGreaterThan(0);
    }
  });

  it("measures bits a byte of UTF-8, by shorter contexts where asked", () => {
    const model = new CharacterModel(1);
    model.learn("aab");
    const bits = (...ps: number[]) => -ps.reduce((sum, p) => sum + Math.log2(p), 0) / ps.length;
    const alone = (byte: number) => model.probability(byte, "");
    expect(model.bitsPerByte("ab", 0)).toBeCloseTo(bits(alone(a), alone(b)), 12);
    expect(model.bitsPerByte("ab")).toBeCloseTo(bits(alone(a), model.probability(b, "a")), 12);
    expect(model.bitsPerByte("ü", 0)).toBeCloseTo(bits(alone(0xc3), alone(0xbc)), 12);
  });
});
