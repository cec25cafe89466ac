import { describe, expect, it } from "vitest";
import { type Llama3Scaling, rotaryDivisors } from "../../nn/rotary.js";
import { scalingWith } from "./rope.js";

const divisors = (headWidth: number, theta: number, scaling: Llama3Scaling) =>
  Float32Array.from(rotaryDivisors(headWidth, { theta, scaling: { kind: "llama3", ...scaling } }));

describe("the settings behind the divisors of a file", () => {
  it.each<[string, number, number, Llama3Scaling]>([
    ["Llama 3.1 8B", 128, 500_000, published(8)],
    ["Llama 3.2 1B", 64, 500_000, published(32)],
    ["no published one", 64, 10_000, { ...published(3), highFrequency: 7, originalContextLength: 300 }],
  ])("are those of %s", (_, headWidth, theta, scaling) => {
    const found = scalingWith(divisors(headWidth, theta, scaling), theta, 131_072);
    expect(found).toEqual({ kind: "llama3", ...scaling });
  });

  it("are others that mean the same where the low bound is not one", () => {
    const odd = { factor: 5, lowFrequency: 2, highFrequency: 9, originalContextLength: 1000 };
    const found = scalingWith(divisors(64, 10_000, odd), 10_000, 4000);
    expect(found).toEqual({
      ...{ kind: "llama3", factor: 5, lowFrequency: 1, highFrequency: 4.5, originalContextLength: 500 },
    });
  });

  it("are none where the divisors are no line between", () => {
    const bent = divisors(128, 500_000, published(8));
    bent[30] *= 1.01;
    expect(scalingWith(bent, 500_000, 131_072)).toBeUndefined();
    expect(scalingWith(new Float32Array(64).fill(1), 500_000, 131_072)).toBe("none");
  });
});

function published(factor: number): Llama3Scaling {
  return { factor, lowFrequency: 1, highFrequency: 4, originalContextLength: 8192 };
}
