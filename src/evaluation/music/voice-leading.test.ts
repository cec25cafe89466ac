import { expect, it } from "vitest";
import { voiceLeading } from "./voice-leading.js";

/** Chords from the highest voice to the lowest, each for a beat of four steps. */
const grid = (...chords: number[][]) => chords.flatMap((chord) => [chord, chord, chord, chord]).flat();
/** Counts of a grid of so many beats. */
const counts = (chords: number[][]) => {
  const { crossings, parallelFifths, parallelOctaves } = voiceLeading(grid(...chords));
  return [crossings, parallelFifths, parallelOctaves].map((rate) => (rate * chords.length) / 100);
};
const silent = -1;

it("parallel fifths and octaves are moves of two voices in one direction that keep them", () => {
  const fifths = [
    [67, 60, silent, silent],
    [69, 62, silent, silent],
  ];
  const octaves = [
    [72, silent, silent, 48],
    [74, silent, silent, 50],
  ];
  expect(counts(fifths)).toEqual([0, 1, 0]);
  expect(counts(octaves)).toEqual([0, 0, 1]);
  expect(counts([...fifths, ...octaves])).toEqual([0, 1, 1]);
});

it("repeated, held and contrary fifths are none, and neither is one that another interval follows", () => {
  expect(
    counts([
      [67, 60, silent, silent],
      [67, 60, silent, silent],
    ]),
  ).toEqual([0, 0, 0]);
  expect(
    counts([
      [67, 60, silent, silent],
      [62, 67, silent, silent],
    ])[1],
  ).toBe(0);
  expect(
    counts([
      [67, 60, silent, silent],
      [74, 55, silent, silent],
    ]),
  ).toEqual([0, 0, 0]);
  expect(
    counts([
      [67, 60, silent, silent],
      [69, 60, silent, silent],
    ]),
  ).toEqual([0, 0, 0]);
  expect(
    counts([
      [67, silent, silent, 48],
      [69, silent, silent, 50],
    ]),
  ).toEqual([0, 1, 0]);
});

it("a crossing counts when it begins, between voices that are next to each other", () => {
  const above = [64, 67, 55, 48];
  const right = [67, 64, 55, 48];
  expect(counts([right, above, above, right, above])[0]).toBe(2);
  expect(counts([[60, silent, 67, 48]])[0]).toBe(0);
  expect(voiceLeading([]).crossings).toBe(0);
});
