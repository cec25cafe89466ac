import { expect, it } from "vitest";
import { BandStatistics, scaleBands, unscaleBands } from "./band-scaling.js";

it("brings each band to mean 0 and deviation 1 over all that it has seen, and back", () => {
  const parts = [Float32Array.of(0, 4, 10, 10), Float32Array.of(8, 12, 10, 10)]; // [2 bands, 2 frames]
  const statistics = new BandStatistics(2);
  for (const part of parts) statistics.add(part);
  const scaling = statistics.scaling();
  expect(scaling.mean).toEqual([6, 10]);
  expect(scaling.deviation[0]).toBeCloseTo(Math.sqrt(20), 6);
  const scaled = scaleBands(parts[1], scaling);
  expect([...scaled]).toEqual([2, 6, 0, 0].map((value) => expect.closeTo(value / Math.sqrt(20), 6)));
  expect([...unscaleBands(scaled, scaling)]).toEqual([...parts[1]].map((value) => expect.closeTo(value, 5)));
});

it("does not blow up a band that hardly changes", () => {
  const statistics = new BandStatistics(1);
  statistics.add(Float32Array.of(-11.5, -11.5, -11.49));
  expect(statistics.scaling().deviation).toEqual([1]);
});
