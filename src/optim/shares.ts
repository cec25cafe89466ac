/** An update shared among ranks (ZeRO, Rajbhandari et al. 2020, section 5.1): whole parameters, neighbours in the layout. */
import type { Layout, Slot } from "./layout.js";
import type { Optimizer } from "./optimizer.js";

/** Where the parts of so many ranks begin and end in `layout.slots`: `count` + 1 numbers, parts that cost about the same. */
export function updateShares({ slots }: Layout, optimizer: Optimizer, count: number): number[] {
  const costs = slots.map((slot) => costOf(slot, optimizer));
  const all = costs.reduce((sum, cost) => sum + cost, 0);
  const bounds = [0];
  let before = 0;
  for (const [i, cost] of costs.entries()) {
    // A parameter belongs where its middle lies.
    while (bounds.length < count && before + cost / 2 >= (all * bounds.length) / count) bounds.push(i);
    before += cost;
  }
  while (bounds.length <= count) bounds.push(slots.length);
  return bounds;
}

/**
 * What an update costs, in elements of AdamW: Muon multiplies each [m, n] some forty times by a square of the smaller
 * side, at about the eighth part of a product an element's worth of memory.
 */
function costOf({ parameter: { shape }, size, group }: Slot, { groups }: Optimizer): number {
  return groups[group].rule.elementwise ? size : size * Math.max(1, Math.min(...matrixOf(shape)) / 8);
}

const matrixOf = ([rows, ...rest]: readonly number[]) => [rows, rest.reduce((a, b) => a * b, 1)];

/** The same bounds in elements of the flat arrays. */
export const elementBounds = ({ slots, size }: Layout, bounds: readonly number[]): number[] =>
  bounds.map((slot) => slots[slot]?.offset ?? size);
