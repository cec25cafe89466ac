import { expect, it } from "vitest";
import { GenerationError } from "../errors.js";
import { greedy } from "./greedy.js";

/** Emissions whose best tokens are `path`. */
function emissionsOf(path: readonly number[], vocabulary = 4) {
  const data = new Float32Array(path.length * vocabulary);
  for (const [frame, id] of path.entries()) data[frame * vocabulary + id] = Math.log(5 + frame);
  return { data, frames: path.length, vocabulary };
}

it("joins equal neighbours, leaves blanks out, and says where each character was", () => {
  const characters = greedy(emissionsOf([0, 1, 1, 0, 1, 2, 2, 2, 3, 0]));
  expect(characters.map(({ id, start, end }) => [id, start, end])).toEqual([
    [1, 1, 3],
    [1, 4, 5],
    [2, 5, 8],
    [3, 8, 9],
  ]);
  // Of e^x / (e^x + 3) for the largest x in the peak; float32 has 7 digits.
  expect(Math.exp(characters[0].logProbability)).toBeCloseTo(7 / 10, 6);
  expect(Math.exp(characters[2].logProbability)).toBeCloseTo(12 / 15, 6);
});

it("takes the first of equal tokens", () => {
  const emissions = { data: Float32Array.of(0, 0, 0, -1, 2, 2), frames: 2, vocabulary: 3 };
  expect(greedy(emissions).map(({ id }) => id)).toEqual([1]);
});

it("hears nothing in nothing", () => {
  expect(greedy(emissionsOf([0, 0, 0]))).toEqual([]);
  expect(greedy(emissionsOf([]))).toEqual([]);
});

it.each([
  [Float32Array.of(0, 1, 2), 1, 4, /3 values for 1 frames of 4 tokens/],
  [Float32Array.of(0, 1, Number.NaN, 2), 2, 2, /frame 1: NaN, 2/],
  [Float32Array.of(0, Number.POSITIVE_INFINITY), 1, 2, /frame 0/],
  [new Float32Array(2).fill(Number.NEGATIVE_INFINITY), 1, 2, /frame 0/],
])("refuses %s as [%i, %i]", (data, frames, vocabulary, message) => {
  const decoding = () => greedy({ data, frames, vocabulary });
  expect(decoding).toThrow(GenerationError);
  expect(decoding).toThrow(message);
});
