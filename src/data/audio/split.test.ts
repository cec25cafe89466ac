import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import type { Recording } from "./recording.js";
import { type SplitRecordings, splitRecordings } from "./split.js";

const options = { validationFraction: 0.2, seed: 1 };

function recordings(count: number, describe: (i: number) => Partial<Recording>): Recording[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${i}`,
    source: `${i}.wav`,
    read: async () => new Uint8Array(),
    ...describe(i),
  }));
}

/** Whether no speaker or group is on both sides. */
function isApart({ train, validation }: SplitRecordings, key: "speaker" | "group"): boolean {
  const learned = new Set(train.map((one) => one[key]));
  return validation.every((one) => !learned.has(one[key]));
}

describe("splitRecordings", () => {
  it("takes the set's own splits", () => {
    const all = recordings(10, (i) => ({
      split: (["train", "train", "validation", "test", undefined] as const)[i % 5],
      speaker: `${i}`,
    }));
    const { train, validation, test, how } = splitRecordings(all, options);
    expect([train, validation, test].map(({ length }) => length)).toEqual([6, 2, 2]);
    expect(how).toBe("validation is the set's own validation split: 2 of 10 recordings");
  });

  it("validates with the test split where there is no other", () => {
    const all = recordings(4, (i) => ({ split: i === 0 ? "test" : "train" }));
    const { validation, test, how } = splitRecordings(all, options);
    expect([validation.length, test.length]).toEqual([1, 0]);
    expect(how).toMatch(/the set's own test split/);
  });

  it("holds speakers out where there are three", () => {
    const split = splitRecordings(
      recordings(100, (i) => ({ speaker: `s${i % 10}`, group: `${i}` })),
      options,
    );
    expect(split.validation.length).toBe(20);
    expect(isApart(split, "speaker")).toBe(true);
    expect(split.how).toMatch(
      /^validation is 2 speakers of 10 \(s\d, s\d\), so that no voice is on both sides: 20 of 100/,
    );
  });

  it("learns from those of no speaker", () => {
    const split = splitRecordings(
      recordings(100, (i) => (i % 2 ? {} : { speaker: `s${i % 10}` })),
      options,
    );
    expect(split.validation.every(({ speaker }) => speaker !== undefined)).toBe(true);
  });

  it("holds the smallest out where each is more than the share", () => {
    const split = splitRecordings(
      recordings(12, (i) => ({ speaker: i < 6 ? "a" : i < 9 ? "b" : "c" })),
      options,
    );
    expect(split.validation.length).toBe(3);
  });

  it("holds groups out where one of several voices says more than a third", () => {
    const split = splitRecordings(
      recordings(100, (i) => ({ speaker: i % 2 ? "a" : `s${i % 10}`, group: `g${i % 20}` })),
      options,
    );
    expect(isApart(split, "group")).toBe(true);
    expect(isApart(split, "speaker")).toBe(false);
  });

  it("holds groups out where there are two speakers", () => {
    const split = splitRecordings(
      recordings(100, (i) => ({ speaker: `s${i % 2}`, group: `g${i % 20}` })),
      options,
    );
    expect(split.validation.length).toBe(20);
    expect(isApart(split, "group")).toBe(true);
    expect(split.how).toMatch(/4 groups of 20/);
  });

  it("else holds sentences out, as they sound", () => {
    const forms = ["Press one.", "press ONE", "Press, one!"];
    const all = recordings(90, (i) => ({ text: `${forms[i % 3]} ${Math.floor(i / 3)}`, speaker: "a" }));
    const { train, validation, how } = splitRecordings(all, options);
    expect(validation.length).toBe(18);
    const numbersOf = (some: readonly Recording[]) =>
      new Set(some.map(({ text }) => text!.split(" ").at(-1)));
    expect([...numbersOf(validation)].filter((number) => numbersOf(train).has(number))).toEqual([]);
    expect(how).toBe(
      "validation is 6 texts of 30, so that no sentence is on both sides: 18 of 90 recordings",
    );
  });

  it("takes recordings without texts one by one", () => {
    expect(
      splitRecordings(
        recordings(50, () => ({})),
        options,
      ).validation.length,
    ).toBe(10);
  });

  it("depends on the seed, and not on the order", () => {
    const all = recordings(60, (i) => ({ text: `sentence ${i}` }));
    const ids = (seed: number, some = all) =>
      splitRecordings(some, { ...options, seed })
        .validation.map(({ id }) => id)
        .sort();
    expect(ids(1)).toEqual(ids(1, all.toReversed()));
    expect(ids(1)).not.toEqual(ids(2));
  });

  it("learns from a set whose splits are all held out", () => {
    const split = splitRecordings(
      recordings(20, (i) => ({ split: "test", text: `${i}` })),
      options,
    );
    expect([split.train.length, split.validation.length]).toEqual([16, 4]);
  });

  it("refuses what cannot be split", () => {
    for (const count of [0, 1])
      expect(() =>
        splitRecordings(
          recordings(count, () => ({})),
          options,
        ),
      ).toThrow(DataError);
    expect(() =>
      splitRecordings(
        recordings(5, () => ({ text: "same" })),
        options,
      ),
    ).toThrow(/5 recordings/);
  });
});
