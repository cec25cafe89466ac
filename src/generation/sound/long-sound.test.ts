import { expect, it } from "vitest";
import { linearPath } from "../../objectives/flow-matching.js";
import type { Field } from "../images/denoiser-session.js";
import { drawFrames } from "./long-sound.js";

/** Whatever it begins with, it draws the value 7; two bands, four frames. */
const sevens: Field = {
  model: { channels: 1, height: 2, width: 4, numClasses: 0 },
  predict: async (x, times) => x.map((value, i) => (7 - value) / (1 - times[Math.floor(i / 8)])),
};
const options = { path: linearPath, count: 2, steps: 1, solver: "euler" } as const;

it("draws as many frames as asked for, fewer or more than a window has", async () => {
  for (const frames of [3, 4, 11]) {
    const drawn = await drawFrames(sevens, { ...options, frames });
    expect([...drawn]).toEqual(Array(2 * 2 * frames).fill(expect.closeTo(7, 5)));
  }
});

it("keeps what is known of each, band by band, and goes on from it", async () => {
  const known = Float32Array.of(1, 2, 3, 4, 5, -1, -2, -3, -4, -5);
  const drawn = await drawFrames(sevens, { ...options, frames: 8, known });
  const seven = expect.closeTo(7, 5);
  const one = [1, 2, 3, 4, 5, seven, seven, seven, -1, -2, -3, -4, -5, seven, seven, seven];
  expect([...drawn]).toEqual([...one, ...one]);
});

it("shows each window the half before it", async () => {
  const seen: number[][] = [];
  const watching: Field = {
    ...sevens,
    predict: async (x, times, labels) => {
      seen.push([...x.subarray(0, 4)]);
      return sevens.predict(x, times, labels);
    },
  };
  await drawFrames(watching, { ...options, count: 1, steps: 2, frames: 6 });
  // In the middle of the second window's way its first half is half noise, half what was drawn: 7 / 2 + noise / 2.
  const [, , start, middle] = seen;
  expect(middle[0] - start[0] / 2).toBeCloseTo(3.5, 4);
  expect(middle[1] - start[1] / 2).toBeCloseTo(3.5, 4);
});

it("refuses to draw what is known already", async () => {
  const known = new Float32Array(8);
  await expect(drawFrames(sevens, { ...options, frames: 4, known })).rejects.toThrow(/nothing left to draw/);
});
