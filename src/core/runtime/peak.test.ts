import { expect, it } from "vitest";
import { nodeRuntime } from "./node.js";
import { measureBandwidth, measurePeak } from "./peak.js";

it("measures the matrix product and the memory of any machine at a believable rate, soon", async () => {
  const start = performance.now();
  const gflops = await measurePeak(nodeRuntime, { size: 256, budgetMs: 20 });
  const gigabytes = await measureBandwidth(nodeRuntime, { budgetMs: 20 });
  expect(gflops).toBeGreaterThan(0.5);
  expect(gflops).toBeLessThan(1e5);
  expect(gigabytes).toBeGreaterThan(0.2);
  expect(gigabytes).toBeLessThan(1e4);
  expect(performance.now() - start).toBeLessThan(5000);
});
