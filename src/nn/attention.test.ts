import { describe, expect, it } from "vitest";
import { evaluate, ramp } from "../../test/evaluate.js";
import { input } from "../core/graph/tensor.js";
import { selfAttention } from "./attention.js";

describe("selfAttention", () => {
  it("lets every row see all rows of its batch entry, head by head", async () => {
    const [time, batch, heads, width] = [3, 2, 2, 2];
    const shape = [time * batch, heads * width];
    const [q, k, v] = ["q", "k", "v"].map((name) => input<"n c">(name, "float32", shape));
    const values = (scale: number) => ramp(time * batch * heads * width, scale).map(Math.sin);
    const feeds = { q: values(1.3), k: values(0.7), v: values(2.1) };
    const { y } = await evaluate({ y: selfAttention(q, k, v, { numHeads: heads, batch }) }, feeds);
    const at = (t: number, b: number, h: number, d: number) => ((t * batch + b) * heads + h) * width + d;
    const all = (n: number) => Array.from({ length: n }, (_, i) => i);
    for (const t of all(time))
      for (const b of all(batch))
        for (const h of all(heads)) {
          const product = (s: number) =>
            all(width).reduce((sum, d) => sum + feeds.q[at(t, b, h, d)] * feeds.k[at(s, b, h, d)], 0);
          const weights = all(time).map((s) => Math.exp(product(s) / Math.sqrt(width)));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          for (const d of all(width)) {
            const mixed = all(time).reduce((sum, s) => sum + weights[s] * feeds.v[at(s, b, h, d)], 0) / total;
            expect(y[at(t, b, h, d)]).toBeCloseTo(mixed, 5); // float32 sums of three terms
          }
        }
  });
});
