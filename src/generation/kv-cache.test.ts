import { describe, expect, it } from "vitest";
import { hostTensor } from "../core/runtime/session.js";
import { cacheNames, KvCache } from "./kv-cache.js";

const model = { numLayers: 2, kvHeads: 3, headWidth: 2, contextLength: 200 };

/** A number that tells name, text, head, position and channel apart. */
const mark = (name: number, text: number, head: number, time: number, channel: number) =>
  (((name * 10 + text) * 10 + head) * 1000 + time) * 10 + channel;

/** Fresh keys and values of these texts, for `count` positions from `start[text]` on. */
function fresh(texts: readonly number[], starts: readonly number[], count: number) {
  const { kvHeads, headWidth } = model;
  const shape = [texts.length, kvHeads, count, headWidth];
  return Object.fromEntries(
    cacheNames(model.numLayers).map((name, k) => {
      const values = texts.flatMap((text) =>
        Array.from({ length: kvHeads * count * headWidth }, (_, i) => {
          const [head, time, channel] = [Math.floor(i / (count * headWidth)), Math.floor(i / headWidth), i];
          return mark(k, text, head, starts[text] + (time % count), channel % headWidth);
        }),
      );
      return [name, hostTensor("float32", shape, Float32Array.from(values))];
    }),
  );
}

/** Checks every filled place of the row that holds `text`. */
function expectText(cache: KvCache, row: number, text: number): void {
  const feeds = cache.feeds(row, 1);
  cacheNames(model.numLayers).forEach((name, k) => {
    expect(feeds[name].shape).toEqual([1, model.kvHeads, cache.room, model.headWidth]);
    for (let i = 0; i < feeds[name].data.length; i++) {
      const slot = Math.floor(i / model.headWidth);
      const [head, time] = [Math.floor(slot / cache.room), slot % cache.room];
      const expected = mark(k, text, head, time, i % model.headWidth);
      if (time < cache.length(row)) expect(Number(feeds[name].data[i])).toBe(expected);
    }
  });
}

describe("a cache", () => {
  it("keeps rows of different lengths while its room doubles, up to the context", () => {
    const cache = new KvCache(model, 3);
    const lengths = [5, 100, 40];
    for (const [row, length] of lengths.entries()) {
      cache.append(row, 1, length, fresh([row], [0, 0, 0], length));
    }
    expect(cache.room).toBe(128);
    for (let step = 0; step < 100; step++) {
      const starts = lengths.map((length) => length + step);
      cache.append(0, 3, 1, fresh([0, 1, 2], starts, 1));
    }
    expect(cache.room).toBe(200);
    for (const row of [0, 1, 2]) expectText(cache, row, row);
  });

  it("moves its last row to the place of one that is removed", () => {
    const cache = new KvCache(model, 3);
    for (const row of [0, 1, 2]) cache.append(row, 1, row + 2, fresh([row], [0, 0, 0], row + 2));
    cache.remove(0);
    expect([cache.rows, cache.length(0), cache.length(1)]).toEqual([2, 4, 3]);
    expectText(cache, 0, 2);
    expectText(cache, 1, 1);
    cache.remove(1);
    expect(cache.rows).toBe(1);
    expectText(cache, 0, 2);
  });

  it("starts a row anew when it is cleared", () => {
    const cache = new KvCache(model, 1);
    cache.append(0, 1, 9, fresh([7], Array(8).fill(0), 9));
    cache.clear(0);
    cache.append(0, 1, 3, fresh([4], Array(8).fill(0), 3));
    expect(cache.length(0)).toBe(3);
    expectText(cache, 0, 4);
  });
});
