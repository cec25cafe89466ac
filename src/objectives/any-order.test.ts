import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomStream } from "../core/random.js";
import { maskedGrid } from "../models/masked-grid.js";
import { gridBatch, hiddenNotes } from "./any-order.js";

const sizes = { steps: 8, numVoices: 4, numSymbols: 10, width: 8, numLayers: 1, numHeads: 2, mlpWidth: 8 };
const model = maskedGrid(sizes);
const notesOf = (length: number) =>
  Int32Array.from({ length: 32 }, (_, i) => (i < length ? (i * 7) % sizes.numSymbols : -1));

describe("hidden notes", () => {
  it("are one or more, none beyond the piece, in many numbers", () => {
    const counts = new Set<number>();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 0 }), (length, seed) => {
        const hidden = hiddenNotes(notesOf(length), model, randomStream(seed, "a test"));
        const places = [...hidden.keys()].filter((i) => hidden[i] === 1);
        expect(places.length).toBeGreaterThan(0);
        expect(Math.max(...places)).toBeLessThan(length);
        counts.add(places.length);
      }),
    );
    expect(counts.size).toBeGreaterThan(8);
  });
});

describe("a batch of them", () => {
  it("shows a model only what is seen, and weighs the rest to one a row", () => {
    const notes = notesOf(20);
    const hidden = Uint8Array.from(notes, (_, i) => Number(i === 3 || i === 6));
    const { symbols, targets, weights } = gridBatch([{ notes, hidden }], model);
    expect([symbols[2], symbols[3]]).toEqual([2 * 11 + 4, 3 * 11 + 10]);
    expect(symbols[31]).toBe(3 * 11 + 10);
    expect([targets[3], targets[6]]).toEqual([1, 2]);
    expect([...weights].filter((weight) => weight > 0)).toEqual([0.5, 0.5]);
  });
});
