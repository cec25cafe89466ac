import { describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import type { Clip } from "./clips.js";
import { splitClips } from "./split-clips.js";

function clip(name: string, told: Partial<Clip> = {}): Clip {
  return { id: name, source: name, read: async () => new Uint8Array(), ...told };
}

const idsOf = (clips: readonly Clip[]) => clips.map(({ id }) => id);
const shares = { validationFraction: 0.25, seed: 1 };
const spoken = ["ann", "bob"].flatMap((speaker) =>
  ["0", "1"].map((take) => clip(`${speaker}-${take}`, { class: "x", speaker, take })),
);

describe("splitClips", () => {
  it("holds out speakers and takes that are asked for", () => {
    const split = splitClips(spoken, { ...shares, heldOut: { speaker: ["bob"] } });
    expect(idsOf(split.train)).toEqual(["ann-0", "ann-1"]);
    expect(idsOf(split.validation)).toEqual(["bob-0", "bob-1"]);
    expect(split.how).toBe("held out speaker bob: 2 of 4 clips");
    expect(idsOf(splitClips(spoken, { ...shares, heldOut: { take: ["1"] } }).validation)).toEqual([
      "ann-1",
      "bob-1",
    ]);
  });

  it("takes the set's own splits", () => {
    const own = [clip("a", { split: "train" }), clip("b", { split: "test" }), clip("c")];
    expect(idsOf(splitClips(own, shares).validation)).toEqual(["b"]);
  });

  it("holds out a share of each class by names alone, and nothing of a class with one clip", () => {
    const sizes = { kick: 8, snare: 40, gong: 1 };
    const clips = Object.entries(sizes).flatMap(([name, count]) =>
      Array.from({ length: count }, (_, i) => clip(`${name}-${i}`, { class: name })),
    );
    const { train, validation } = splitClips(clips, shares);
    const held = (name: string) => validation.filter((one) => one.class === name).length;
    expect([held("kick"), held("snare"), held("gong")]).toEqual([2, 10, 0]);
    expect(train.length + validation.length).toBe(49);
    const turned = splitClips(clips.toReversed(), shares).validation;
    expect(idsOf(turned).toSorted()).toEqual(idsOf(validation).toSorted());
  });

  it("has all of very few on both sides, and says so", () => {
    const split = splitClips([clip("a"), clip("b")], { validationFraction: 0.1, seed: 1 });
    expect([split.train.length, split.validation.length, split.isHeldOut]).toEqual([2, 2, false]);
    expect(split.how).toMatch(/too few/);
  });

  it.each([
    [{ speaker: ["eve"] }, /no such speaker[\s\S]*"eve" among ann, bob/],
    [{ take: ["7"] }, /no such take/],
    [{ speaker: ["ann", "bob"] }, /no clips are left to learn from/],
  ])("refuses to hold out %o", (heldOut, message) => {
    const splitting = () => splitClips(spoken, { ...shares, heldOut });
    expect(splitting).toThrow(DataError);
    expect(splitting).toThrow(message);
  });
});
